"""``serve``: a deployment answers over HTTP until it is stopped."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Annotated

import typer

from regrove.cli.predict import which_deployment
from regrove.cli.session import Session
from regrove.cli.show import console, done, next_command

if TYPE_CHECKING:
    from regrove.errors import RegroveError
    from regrove.workspace import Workspace

__all__ = ["register"]

_POLL_S = 1.0
_POLL_REPLAYED_S = 0.05
"""How often a server looks for a newer generation; where a day passes in a second, it must not miss weeks."""


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(serve)


def serve(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The deployment; may be left out when only one is declared.")] = "",
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 takes a free one.")] = 8080,
    workers: Annotated[int, typer.Option(min=1, help="Worker processes.")] = 1,
) -> None:
    """Answer predictions over HTTP until stopped: /predict, /feedback, /healthz, /readyz, /metrics."""
    from regrove.serving.process import serve as run_server
    from regrove.serving.status import Announcement

    session: Session = context.obj
    with session.change() as ws:
        _apply_first(ws)
        deployment = which_deployment(ws, name)
        waits_for = _start(ws, deployment)
        objects, root = ws.settings.objects, ws.deployments.root
        options = {key: secret.reveal() for key, secret in ws.settings.object_options.items()}
        cache, project = ws.settings.folder / "cache" / "serving", ws.project
        replayed = ws.settings.clock == "replay"
        _say_what_is_served(ws)
    announcement, publisher = Announcement(root, deployment), _Publisher(session, deployment)

    def started(url: str) -> None:
        announcement.tell(url)
        _say_started(deployment, url, waits_for)
        publisher.url = url

    publisher.start()
    try:
        with announcement:
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
                replayed=replayed,
                poll_s=_POLL_REPLAYED_S if replayed else _POLL_S,
                started=started,
            )
    finally:
        publisher.stop()
    done("Stopped: what was under way was answered first.")


def _apply_first(ws: Workspace) -> None:
    """On a laptop the file in the work tree is meant; record it before acting on it."""
    if not ws.projects.revisions():
        done(f"{ws.projects.apply().ref} applied.")


def _say_what_is_served(ws: Workspace) -> None:
    """Say so when the file in the work tree is not what is in force."""
    from regrove.digest import of_bytes

    in_force = ws.projects.applied.revision
    try:
        text = (ws.root / "regrove.toml").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        text = ""
    if of_bytes(text.encode()) != in_force.declaration_digest:
        done(
            f"{in_force.ref} is served, and regrove.toml says something else by now: regrove plan shows what, "
            "regrove apply puts it in force."
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


class _Publisher(threading.Thread):
    """Publishes what the deployment declares when its alias moves, whoever moved it, and says when it answers.

    Inference processes never touch the database; this thread of their parent does, once a second.
    """

    def __init__(self, session: Session, deployment: str) -> None:
        super().__init__(name="publisher", daemon=True)
        self._session = Session(session.folder, session.actor or "service:serve")
        self._deployment = deployment
        self._told = threading.Event()
        self._trouble = ""
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
                if ready or beat % 10 == 0:
                    try:
                        self._publish(ws)
                        self._trouble = ""
                    except RegroveError as error:
                        # A database that does not answer for a while must not end a server that answers.
                        self._say(error)
                beat += 1
                ready = ready or self._is_ready()

    def _say(self, error: RegroveError) -> None:
        """Say what stands in the way, once for each thing that does."""
        if str(error) != self._trouble:
            self._trouble = str(error)
            done(f"What is declared by now cannot be published; what was published goes on answering. {error}")
            _flush()

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
