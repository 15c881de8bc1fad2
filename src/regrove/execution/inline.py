"""The executor that runs each task at once, in the process that asks."""

from __future__ import annotations

from concurrent.futures import Future
from typing import TYPE_CHECKING

from regrove.errors import RegroveError
from regrove.execution.outcome import perform

if TYPE_CHECKING:
    from regrove.execution.task import Task

__all__ = ["InlineExecutor"]


class InlineExecutor:
    """Keeps the contract of `Executor` without another process; for tests, debuggers and very small work.

    >>> from regrove.execution import Task
    >>> InlineExecutor().submit(Task("1", "bz2:compress", b"rows")).result()[:2]
    b'BZ'
    """

    def __init__(self) -> None:
        self._closed = False

    def submit(self, task: Task) -> Future[bytes]:
        """Run the task and give back a future that is done."""
        if self._closed:
            raise RegroveError("The executor is closed", received=f"task {task.id}")
        future: Future[bytes] = Future()
        future.set_running_or_notify_cancel()
        try:
            future.set_result(perform(task.function, task.payload).result())
        except RegroveError as error:
            future.set_exception(error)
        return future

    def close(self, *, cancel: bool = False) -> None:  # noqa: ARG002  # the contract's name
        """Take no more tasks; none is running or waiting here, so ``cancel`` has nothing to drop."""
        self._closed = True
