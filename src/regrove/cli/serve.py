"""``serve`` and ``predict``: the two ends of an inference endpoint."""

from __future__ import annotations

import contextlib
import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from regrove.cli.session import AsJson, Session
from regrove.cli.show import console, done, emit_json, facts, next_command

if TYPE_CHECKING:
    from regrove.workspace import Workspace

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    app.command()(serve)
    app.command()(predict)


def serve(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The deployment; may be left out when only one is declared.")] = "",
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 takes a free one.")] = 8080,
    workers: Annotated[int, typer.Option(min=1, help="Worker processes.")] = 1,
) -> None:
    """Answer predictions over HTTP until stopped: /predict, /feedback, /healthz, /readyz, /metrics."""
    from regrove.serving.process import serve as run_server

    session: Session = context.obj
    with session.change() as ws:
        _apply_first(ws)
        deployment = _only(ws, name, "deployment", ws.projects.applied.deployment_names())
        waits_for = _start(ws, deployment)
        objects, root = ws.settings.objects, ws.deployments.root
        options = {key: secret.reveal() for key, secret in ws.settings.object_options.items()}
        cache, project = ws.settings.folder / "cache" / "serving", ws.project
    status = root / f"{deployment}.server.json"

    publisher = _Publisher(session, deployment)

    def started(url: str) -> None:
        _write_status(status, url)
        _say_started(deployment, url, waits_for)
        publisher.url = url

    publisher.start()
    try:
        run_server(
            objects,
            deployment,
            project,
            root,
            host=host,
            port=port,
            workers=workers,
            options=options,
            cache=cache,
            started=started,
        )
    finally:
        publisher.stop()
        status.unlink(missing_ok=True)
    done("Stopped: what was under way was answered first.")


def _apply_first(ws: Workspace) -> None:
    """On a laptop the file in the work tree is meant; record it before acting on it."""
    if not ws.projects.revisions():
        done(f"{ws.projects.apply().ref} applied.")


def _only(ws: Workspace, name: str, what: str, names: list[str]) -> str:
    from regrove.errors import InvalidInput

    if name:
        return name
    if len(names) == 1:
        return names[0]
    raise InvalidInput(
        f"Project {ws.project} declares {'several' if names else 'no'} {what}s",
        expected=f"one of {', '.join(names)}" if names else f"a [{what}s.NAME] table in regrove.toml",
        received="no name",
    )


def _start(ws: Workspace, deployment: str) -> str:
    """Start the deployment; when its model's alias stands nowhere yet, the model that it waits for."""
    from regrove.errors import NotFound

    ref = ws.projects.applied.deployment(deployment).ref
    try:
        ws.deployments.start(deployment)
    except NotFound:
        if ref.ordinal is not None or not ref.version:
            raise
        return f"{ref.name}@{ref.version}"
    return ""


def _say_started(deployment: str, url: str, waits_for: str) -> None:
    done(f"deployment:{deployment} listens on {url}")
    if waits_for:
        name, _, alias = waits_for.partition("@")
        done(f"It has nothing to answer with: no version of {name} is {alias} yet. It goes live when one is.")
        flag = "" if alias == "champion" else f" --alias {alias}"
        next_command(f'regrove models promote {name}@1{flag} --reason "the first version"', "in another shell")
    _flush()


def _flush() -> None:
    """Let a reader of a pipe, or of a log file, see it now and not when the buffer is full."""
    console.file.flush()


def _write_status(path: Path, url: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_suffix(".aside")
    aside.write_text(json.dumps({"url": url, "pid": os.getpid()}))
    aside.replace(path)


class _Publisher(threading.Thread):
    """Publishes what the deployment declares when its alias moves, whoever moved it, and says when it answers.

    Inference processes never touch the database; this thread of their parent does, once a second.
    """

    def __init__(self, session: Session, deployment: str) -> None:
        super().__init__(name="publisher", daemon=True)
        self._session = Session(session.folder, session.actor or "service:serve")
        self._deployment = deployment
        self._told = threading.Event()
        self.url = ""
        """Where the server listens, once it does."""

    def stop(self) -> None:
        """End the thread."""
        self._told.set()
        self.join(5)

    def run(self) -> None:
        """Publish until told to stop."""
        from regrove.errors import RegroveError

        ready, beat = False, 0
        with self._session.open() as ws:
            while not self._told.wait(0.1 if not ready else 1.0):
                # A database that does not answer for a while must not end a server that answers.
                with contextlib.suppress(RegroveError):
                    if ready or beat % 10 == 0:
                        self._publish(ws)
                beat += 1
                ready = ready or self._is_ready()

    def _publish(self, ws: Workspace) -> None:
        states = {each.name: each.state for each in ws.deployments.list()}
        if self._deployment not in states:
            _start(ws, self._deployment)
        elif states[self._deployment] == "running":
            ws.deployments.publish(self._deployment)

    def _is_ready(self) -> bool:
        """Whether the server answers by now; says so, once."""
        import urllib.request

        if not self.url:
            return False
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=5) as answer:  # noqa: S310  # our own address
                model = json.loads(answer.read())["model"]
        except (OSError, ValueError, KeyError):
            return False
        done(f"It is ready and answers with {model}.")
        next_command(f"regrove predict {self._deployment} --from sample.json", "in another shell")
        _flush()
        return True


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
        deployment = _only(ws, name, "deployment", ws.projects.applied.deployment_names())
        status = ws.deployments.root / f"{deployment}.server.json"
    body = _body(source)
    answer = _patiently(wait, lambda: _ask(f"{url or _running_url(status, deployment)}/predict", body))
    if as_json:
        emit_json(answer)
        return
    done(f"{answer['model']} answered (revision {answer['revision']}).")
    for each in answer["predictions"]:
        identifier = each.pop("id")
        facts([(f"prediction:{identifier}", "  ".join(f"{key} {_rounded(value)}" for key, value in each.items()))])
    next_command(f"regrove trace prediction:{identifier}")


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
    import sys

    from regrove.errors import InvalidInput, NotFound

    try:
        text = sys.stdin.read() if str(source) == "-" else source.read_text(encoding="utf-8")
        value = json.loads(text)
    except FileNotFoundError:
        raise NotFound("There is no such file", received=str(source)) from None
    except ValueError as error:
        raise InvalidInput(f"{source} is not JSON", received=str(error)) from None
    if isinstance(value, list):
        value = {"rows": value}
    return json.dumps(value).encode()


def _running_url(status: Path, deployment: str) -> str:
    from regrove.errors import Unavailable

    try:
        return str(json.loads(status.read_text())["url"])
    except (OSError, ValueError, KeyError):
        raise Unavailable(
            f"No server of deployment:{deployment} runs on this machine",
            mend=f"regrove serve {deployment}; or name one with --url http://HOST:PORT",
        ) from None


def _ask(url: str, body: bytes) -> Any:
    import urllib.error
    import urllib.request

    from regrove.errors import InvalidInput, Unavailable

    if not url.startswith(("http://", "https://")):
        raise InvalidInput("This is no address of a server", expected="http://HOST:PORT", received=url)
    request = urllib.request.Request(url, data=body, headers={"Content-Type": "application/json"})  # noqa: S310  # checked above
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310  # checked above
            return json.loads(answer.read())
    except urllib.error.HTTPError as refused:
        raise _said(refused.code, refused.read()) from None
    except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
        raise Unavailable("The server does not answer", received=str(error), mend="regrove serve") from None


def _said(status: int, body: bytes) -> Exception:
    """The server's own words as the error that they stand for."""
    from regrove.errors import InvalidInput, Unavailable

    try:
        said = json.loads(body)["error"]
        fields = {name: str(said.get(name, "")) for name in ("expected", "received", "mend")}
        happened = str(said["happened"])
    except (ValueError, KeyError, TypeError):
        happened, fields = f"The server answered {status}", {"received": body[:200].decode(errors="replace")}
    return (Unavailable if status >= 500 else InvalidInput)(happened, **fields)
