"""What runs tasks, whatever runs them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from concurrent.futures import Future

    from regrove.execution.task import Task

__all__ = ["Executor"]


@runtime_checkable
class Executor(Protocol):
    """Runs tasks.

    Contract (``tests/contracts/executor.py`` holds it): tasks begin in the order of submission. A future gives the
    bytes that the function returned, or raises: an error of Regrove as itself (or as the nearest of its kinds that the
    asking process knows), any other exception as StepFailed with the traceback as a note, and Unavailable when the
    process died. One task's failure is no other task's. A task that waits can be cancelled through its future. What a
    task prints in another process goes to the standard error. Safe to share between threads.
    """

    def submit(self, task: Task) -> Future[bytes]:
        """Give the task to run; raises RegroveError when the executor is closed."""
        ...

    def close(self, *, cancel: bool = False) -> None:
        """Wait for all tasks and let the workers go; with ``cancel`` drop what waits and kill what runs."""
        ...
