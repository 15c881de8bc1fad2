"""``predict``: asks a running server."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from regrove.cli.session import AsJson, Session
from regrove.cli.show import done, emit_json, facts, next_command

if TYPE_CHECKING:
    from regrove.errors import RegroveError
    from regrove.workspace import Workspace

__all__ = ["register", "running_url", "which_deployment"]

_ROWS: Final = '{"rows": [{...}]}, or a list of rows'


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(predict)


def predict(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The deployment; may be left out when only one is declared.")] = "",
    source: Annotated[Path, typer.Option("--from", help="A JSON file with rows; - reads standard input.")] = Path("-"),
    url: Annotated[str, typer.Option(help="The server; default: the one that serves on this machine.")] = "",
    wait: Annotated[float, typer.Option(min=0, help="Wait so many seconds for a server that is still starting.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Ask a running server for predictions."""
    session: Session = context.obj
    with session.open() as ws:
        deployment, root = which_deployment(ws, name), ws.deployments.root
    address = _address(url) if url else ""
    body = _body(source)
    answer = _patiently(wait, lambda: _ask(address or running_url(root, deployment), body))
    if as_json:
        emit_json(answer)
        return
    done(f"{answer['model']} answered (revision {answer['revision']}).")
    for each in answer["predictions"]:
        identifier = each.pop("id")
        facts([(f"prediction:{identifier}", "  ".join(f"{key} {_rounded(value)}" for key, value in each.items()))])
    next_command(f"regrove trace prediction:{identifier}")


def which_deployment(ws: Workspace, name: str) -> str:
    """``name``, or the only deployment that is declared; InvalidInput when there are several or none."""
    from regrove.errors import InvalidInput

    names = ws.projects.applied.deployment_names()
    if name:
        return name
    if len(names) == 1:
        return names[0]
    raise InvalidInput(
        f"Project {ws.project} declares {'several' if names else 'no'} deployments",
        expected=f"one of {', '.join(names)}" if names else "a [deployments.NAME] table in regrove.toml",
        received="no name",
        mend=f"name it: {names[0]}" if names else "declare one, then: regrove apply",
    )


def _patiently(seconds: float, ask: Callable[[], Any]) -> Any:
    """The answer; a server that is not there or not ready yet is asked again until ``seconds`` have passed."""
    import time

    from regrove.errors import Unavailable

    until = time.monotonic() + seconds
    while True:
        try:
            return ask()
        except Unavailable:
            if time.monotonic() >= until:
                raise
        time.sleep(0.1)


def _rounded(value: Any) -> str:
    return f"{value:.6f}" if isinstance(value, float) else str(value)


def _body(source: Path) -> bytes:
    """The request that a file holds, refused as the server would refuse it."""
    from regrove.errors import InvalidInput
    from regrove.serving import Limits
    from regrove.serving.bodies import question

    what = "standard input" if str(source) == "-" else str(source)
    data = _read(source)
    try:
        value = json.loads(data.decode())
    except RecursionError:
        raise InvalidInput(
            f"{what} is nested too deeply", expected=_ROWS, mend="a row holds plain values: flatten it"
        ) from None
    except ValueError as error:
        raise InvalidInput(
            f"{what} is not JSON", expected=_ROWS, received=str(error), mend="correct it at the place that is named"
        ) from None
    body = b'{"rows":' + data + b"}" if isinstance(value, list) else data
    try:
        question(body, Limits(rows=sys.maxsize))
    except InvalidInput as error:
        raise InvalidInput(
            f"{what}: {error.happened}", expected=error.expected, received=error.received, mend=error.mend
        ) from None
    return body


def _read(source: Path) -> bytes:
    from regrove.errors import InvalidInput, NotFound

    mend = "regrove predict --from sample.json"
    if str(source) == "-":
        if sys.stdin.isatty():
            raise InvalidInput(
                "There are no rows to ask about", expected="--from FILE, or rows on standard input", mend=mend
            )
        return sys.stdin.buffer.read()
    try:
        return source.read_bytes()
    except FileNotFoundError:
        raise NotFound(
            "There is no such file", expected="a JSON file with rows", received=str(source), mend=mend
        ) from None
    except OSError as error:
        raise InvalidInput(
            f"{source} cannot be read", expected="a JSON file with rows", received=error.strerror or "", mend=mend
        ) from None


def running_url(root: Path, deployment: str) -> str:
    """The address of the server of a deployment that runs on this machine; NotFound or Unavailable when none does."""
    from regrove.errors import Unavailable
    from regrove.serving.status import running

    servers = running(root, deployment)
    if not servers:
        raise Unavailable(
            f"No server of deployment:{deployment} runs on this machine",
            mend=f"regrove serve {deployment}; or name one with --url http://HOST:PORT",
        )
    return servers[0].url


def _address(url: str) -> str:
    """An address that a server could have; InvalidInput for anything else."""
    from urllib.parse import urlsplit

    from regrove.errors import InvalidInput

    try:
        parts = urlsplit(url)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and url.isprintable()
        whole = fits and " " not in url
    except ValueError:  # brackets that do not close, a port that is no number or none that there is
        whole = False
    if not whole:
        raise InvalidInput(
            "This is no address of a server",
            expected="http://HOST:PORT, the port from 1 to 65535",
            received=url,
            mend="write it as regrove serve prints it, such as http://127.0.0.1:8080",
        )
    return url.rstrip("/")


def _ask(address: str, body: bytes) -> Any:
    import http.client
    import urllib.error
    import urllib.request

    from regrove.errors import InvalidInput, Unavailable

    url = f"{address}/predict"
    request = urllib.request.Request(url, data=body, headers={"Content-Type": "application/json"})  # noqa: S310  # checked before
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310  # checked before
            return _answered(address, answer.read())
    except urllib.error.HTTPError as refused:
        raise _said(address, refused.code, refused.read()) from None
    except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
        raise Unavailable(
            "The server does not answer",
            expected=f"a server that listens on {address}",
            received=str(error),
            mend="regrove serve",
        ) from None
    except http.client.HTTPException as error:
        raise _stranger(address, repr(error)) from None
    except UnicodeError as error:  # a name of a host that none can have
        raise InvalidInput(
            "This is no address of a server", expected="http://HOST:PORT", received=f"{address} ({error})", mend="--url"
        ) from None


def _answered(address: str, body: bytes) -> Any:
    """The answer of /predict that ``body`` holds; InvalidInput when it is none."""
    try:
        answer = json.loads(body)
        whole = isinstance(answer["model"], str) and all(isinstance(each["id"], str) for each in answer["predictions"])
        if whole and answer["revision"] and answer["predictions"]:
            return answer
    except (ValueError, TypeError, LookupError, RecursionError):
        pass  # it is told below, with what it was
    raise _stranger(address, body[:80].decode(errors="replace"))


def _stranger(address: str, received: str) -> RegroveError:
    from regrove.errors import InvalidInput

    return InvalidInput(
        f"What answers on {address} is no server of a deployment",
        expected="an answer with model, revision and predictions",
        received=received,
        mend="name the address that regrove serve prints: --url http://HOST:PORT",
    )


def _said(address: str, status: int, body: bytes) -> RegroveError:
    """The server's own words as the error that they stand for."""
    from regrove.errors import Conflict, InvalidInput, RegroveError, Unavailable

    try:
        said = json.loads(body)["error"]
        fields = {name: str(said.get(name, "")) for name in ("expected", "received", "mend")}
        happened = str(said["happened"])
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return _stranger(address, f"status {status}: {body[:80].decode(errors='replace')}")
    kinds: dict[int, type[RegroveError]] = {409: Conflict, 500: RegroveError}
    return kinds.get(status, Unavailable if status > 500 else InvalidInput)(happened, **fields)
