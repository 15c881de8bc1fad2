"""A pool of processes on this machine.

A worker is a fresh interpreter (not a fork, which the threads of Polars would not survive, and not a re-import of the
caller's main module). The first is started with the first task, another when a task has waited for `_PATIENCE_S`: a new
interpreter imports for seconds what the warm ones have, so a short task is done sooner by whoever is free next. Each
worker is served by one thread, which also starts the next worker when one has died, so a killed worker costs its own
task and no other.
"""

from __future__ import annotations

import math
import os
import queue
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Final, Self

from regrove.errors import InvalidInput, RegroveError, Unavailable
from regrove.execution.process import NotBegun, WorkerDied, WorkerProcess

if TYPE_CHECKING:
    from collections.abc import Sequence

    from regrove.execution.outcome import Outcome
    from regrove.execution.task import Task

__all__ = ["ProcessPool"]

_PATIENCE_S: Final = 0.3


class ProcessPool:
    """Keeps the contract of `Executor` in up to ``workers`` processes.

    The default is the square root of the processors that may be used, rounded up, and each worker's OpenMP takes as
    many threads as leave none fighting for a processor: 2 workers of 1 thread on 2 processors, 4 of 4 on 16. A pipeline
    is rarely wide, and its heaviest step, training, is the one that uses threads.

    ``preload`` names modules that a worker imports as it starts. Use as a context manager to be sure that it is closed;
    should this process die without that, its workers die with it.
    """

    def __init__(self, workers: int | None = None, preload: Sequence[str] = ()) -> None:
        if workers is not None and workers < 1:
            raise InvalidInput("A pool needs a worker", expected="at least 1", received=str(workers))
        processors = _processors()
        self._limit = workers or math.isqrt(processors - 1) + 1
        self._openmp = max(1, processors // self._limit)
        self._preload = tuple(preload)
        self._waiting: queue.SimpleQueue[tuple[Task, Future[bytes]] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._running: set[WorkerProcess] = set()
        self._idle = 0
        self._patient = False
        """Whether somebody looks in a moment if a task still waits."""
        self._closed = False
        self._cancelled = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.close(cancel=kind is not None)

    def submit(self, task: Task) -> Future[bytes]:
        """Give the task to the next free worker; raises RegroveError when the pool is closed."""
        future: Future[bytes] = Future()
        with self._lock:
            if self._closed:
                raise RegroveError("The executor is closed", received=f"task {task.id}")
            self._waiting.put((task, future))
            if self._idle:
                self._idle -= 1
            elif not self._threads:
                self._add_worker()
            else:
                self._look_later()
        return future

    def _add_worker(self) -> None:
        thread = threading.Thread(target=self._serve, name=f"regrove-pool-{len(self._threads)}", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _look_later(self) -> None:
        """See to it that a task which nobody takes gets a worker of its own; one look is on its way at a time."""
        if self._patient or len(self._threads) >= self._limit:
            return
        self._patient = True
        timer = threading.Timer(_PATIENCE_S, self._look)
        timer.daemon = True
        timer.start()

    def _look(self) -> None:
        with self._lock:
            self._patient = False
            if self._closed or self._waiting.empty():
                return
            self._add_worker()
            self._look_later()  # for another that may wait

    def close(self, *, cancel: bool = False) -> None:
        """Wait for all tasks and let the workers go; with ``cancel`` drop what waits and kill what runs."""
        with self._lock:
            self._closed = True
            self._cancelled = self._cancelled or cancel
            if cancel:
                self._drop()
            for _ in range(min(self._waiting.qsize(), self._limit - len(self._threads))):
                self._add_worker()  # nobody looks any more
            for _ in self._threads:
                self._waiting.put(None)
            if cancel:
                for worker in self._running:
                    worker.kill()
        for thread in self._threads:
            thread.join()

    def _drop(self) -> None:
        while True:
            try:
                item = self._waiting.get_nowait()
            except queue.Empty:
                return
            if item is not None:
                item[1].cancel()

    def _serve(self) -> None:
        worker: WorkerProcess | None = None
        try:
            while (item := self._waiting.get()) is not None:
                task, future = item
                if future.set_running_or_notify_cancel():
                    worker = self._perform(worker, task, future)
                with self._lock:
                    self._idle += self._waiting.empty()  # under the lock of `submit`, so no task is overlooked
        finally:
            if worker is not None:
                self._part(worker)

    def _perform(self, worker: WorkerProcess | None, task: Task, future: Future[bytes]) -> WorkerProcess | None:
        """Run the task in the worker, or in a new one; the worker that is left, None when it died."""
        try:
            worker = worker or self._start()
            try:
                outcome = worker.call(task)
            except NotBegun:  # it died while it was idle; no task pays for that
                self._part(worker)
                outcome = (worker := self._start()).call(task)
        except WorkerDied as death:
            if worker is not None:
                self._part(worker)
            future.set_exception(_unavailable(task, death))
            return None
        except OSError as error:
            future.set_exception(Unavailable("A worker process could not be started", received=str(error)))
            return None
        _settle(future, outcome)
        return worker

    def _start(self) -> WorkerProcess:
        worker = WorkerProcess(self._preload, openmp=self._openmp)
        with self._lock:
            self._running.add(worker)
            if self._cancelled:
                worker.kill()  # the pool was cancelled while this one was being started
        return worker

    def _part(self, worker: WorkerProcess) -> None:
        with self._lock:
            self._running.discard(worker)
        worker.end()


def _settle(future: Future[bytes], outcome: Outcome) -> None:
    try:
        value = outcome.result()
    except RegroveError as error:
        future.set_exception(error)
    else:
        future.set_result(value)


def _unavailable(task: Task, death: WorkerDied) -> Unavailable:
    return Unavailable(
        f"worker died of {death}",
        expected=f"an answer of {task.function} (task {task.id})",
        mend="when it was signal 9 look for a lack of memory: dmesg | grep -i oom; then run it again",
    )


def _processors() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS does not tell which processors a process may use
        return os.cpu_count() or 1
