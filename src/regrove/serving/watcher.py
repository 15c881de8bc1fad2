"""Looking for a newer generation, loading it aside, and letting it live.

One thread a server process. A generation that cannot be read, loaded or warmed is refused: the last good one goes on
answering, and the refusal shows in /readyz and /metrics. It is tried again, ever less often; a newer one at once.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import nullcontext
from typing import TYPE_CHECKING, Final

from regrove.errors import RegroveError
from regrove.serving.counters import Counters
from regrove.serving.generation import Generation, newest, read
from regrove.serving.live import Live, Model
from regrove.serving.precedence import Precedence

if TYPE_CHECKING:
    from regrove.storage import ObjectStore

__all__ = ["Watcher"]

_LOOK_BACK: Final = 3
"""How many earlier generations a fresh process tries when the newest cannot be loaded."""

_PATIENCE_S: Final = 60.0
"""A refused generation is tried again after 1, 2, 4 ... seconds, at most this many."""

_log = logging.getLogger("regrove.serving")


class Watcher:
    """Keeps `live` at the newest generation that can be loaded. `poll` is one look; `start` looks for ever."""

    def __init__(
        self,
        objects: ObjectStore,
        project: str,
        deployment: str,
        load: Callable[[Generation], tuple[Model, ...]],
        counters: Counters,
        *,
        every_s: float = 1.0,
        each_time: Callable[[], None] = lambda: None,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._objects = objects
        self._names = (project, deployment)
        self._load = load
        self._counters = counters
        self._every = every_s
        self._each_time = each_time
        self._tell = tell
        self._told = ""
        self._seen = 0
        self._stop = threading.Event()
        self._looked = threading.Event()
        self._thread: threading.Thread | None = None
        self._again_at = 0.0
        self._waits = 0
        self.precedence = Precedence()
        """Entered for each request: what is loaded aside waits for those that are answered."""
        self.live: Live | None = None
        """What answers; replaced whole, so that a request holds one from its beginning to its end."""
        self.stopped = 0
        """The generation that stopped the deployment, 0 while it runs."""
        self.refused = 0
        """The newest generation when it could not be loaded, else 0."""
        self.trouble = ""
        """Why the newest generation does not answer, or could not be asked for; empty when all is well."""

    def start(self) -> None:
        """Begin to look, now and every ``every_s`` seconds; returns when the first look is over.

        So a process that takes connections has loaded what there is to load: of several that share a socket, none
        refuses what another could answer.
        """
        self._thread = threading.Thread(target=self._run, name="regrove-watcher", daemon=True)
        self._thread.start()
        self._looked.wait()

    def close(self) -> None:
        """End looking and wait for the look that is under way."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def poll(self) -> bool:
        """Look once; True when another generation went live."""
        self._counters.add("polls")
        try:
            seen = newest(self._objects, *self._names, after=self._seen)
        except (RegroveError, OSError) as error:
            self._counters.put("poll_failing", 1)
            self.trouble = f"The object store cannot be asked for a newer generation: {error}"
            return False
        self._counters.put("poll_failing", 0)
        fresh = seen != self._seen
        self._seen = seen
        if not fresh and not self.refused:
            self.trouble = ""
            return False
        if seen == 0 or (not fresh and time.monotonic() < self._again_at):
            return False
        return self._advance(seen)

    def _advance(self, number: int) -> bool:
        first = self.live is None and not self.stopped
        if self._try(number):
            self.refused, self.trouble, self._waits = 0, "", 0
            self._counters.put("refused", 0)
            return True
        self.refused = number
        self._counters.put("refused", number)
        self._again_at = time.monotonic() + min(2.0**self._waits, _PATIENCE_S)
        self._waits += 1
        return first and any(self._try(earlier) for earlier in range(number - 1, max(0, number - 1 - _LOOK_BACK), -1))

    def _try(self, number: int) -> bool:
        """Read, load and warm a generation aside, then let it live."""
        try:
            generation = read(self._objects, *self._names, number)
            live = self._made(generation) if generation.state == "running" else None
        except Exception as error:  # noqa: BLE001  # edge: a model brings the project's own code with it
            self._counters.add("load_failures")
            if number >= self._seen:
                self.trouble = f"Generation {number} cannot be loaded: {error}"
            raised = error if error.__cause__ is not None else None  # the project's code, whose own words help
            _log.warning(
                "generation %d cannot be loaded, the last good one goes on answering: %s",
                number,
                error,
                exc_info=raised,
            )
            return False
        self._go(generation, live)
        return True

    def _made(self, generation: Generation) -> Live:
        """A generation ready to answer. While another answers, its requests go first."""
        with self.precedence.behind() if self.live is not None else nullcontext():
            live = Live(generation, *self._load(generation))
            live.warm()
        return live

    def _go(self, generation: Generation, live: Live | None) -> None:
        self.stopped = 0 if live else generation.number
        self.live = live
        self._counters.add("swaps")
        self._counters.put("generation", generation.number)
        self._counters.put("revision", generation.revision.number if live else 0)
        self._counters.put("candidate", live.candidates[0].revision.number if live and live.candidates else 0)
        self._counters.put("ready", 1 if live else 0)
        _log.info("generation %d is %s", generation.number, generation.state)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self.poll()
                if self.trouble != self._told:
                    self._tell(self.trouble)
                    self._told = self.trouble
                self._each_time()
            except Exception:  # noqa: BLE001  # edge: the thread must outlive what one look meets
                _log.exception("a look for a newer generation failed")
            self._looked.set()
            self._stop.wait(self._every)
