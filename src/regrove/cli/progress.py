"""Drawing a run while it goes on: a bar and a line a step on a terminal, plain lines elsewhere."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

if TYPE_CHECKING:
    from regrove.pipelines import progress as said

__all__ = ["RunProgress"]


class RunProgress:
    """Hears what a run says and draws it."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._width = 12
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("preparing", total=None)

    def __enter__(self) -> Self:
        """Begin to draw."""
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the bar away; the lines stay."""
        self._bar.stop()

    def hear(self, event: said.Progress) -> None:
        """Draw one thing that the run said."""
        getattr(self, f"_{type(event).__name__}", self._ignored)(event)

    def _ignored(self, event: said.Progress) -> None:
        """What needs no line: the report says it at the end."""

    def _DatasetTaken(self, event: said.DatasetTaken) -> None:  # noqa: N802  # named after what was said
        self._line("·", "dim", event.name, event.ref)

    def _RunBegan(self, event: said.RunBegan) -> None:  # noqa: N802  # named after what was said
        self._width = max([self._width, *(len(step) for step in event.steps)])
        self._bar.update(self._task, total=len(event.steps), description=event.model)
        goes_on = ", which was interrupted, goes on" if event.resumed else ""
        self._print(Text(f"{event.run_ref}{goes_on}", style="dim"))

    def _StepStarted(self, event: said.StepStarted) -> None:  # noqa: N802  # named after what was said
        self._bar.update(self._task, description=event.step)

    def _StepKept(self, event: said.StepKept) -> None:  # noqa: N802  # named after what was said
        self._bar.advance(self._task)
        self._line("=", "green", event.step, "kept, verified by digest")

    def _StepDone(self, event: said.StepDone) -> None:  # noqa: N802  # named after what was said
        self._bar.advance(self._task)
        rows = f"{event.rows:,} rows" if event.rows is not None else ""
        self._line("+", "cyan", event.step, f"{event.took_us / 1e6:6.2f} s  {rows}")

    def _StepRetried(self, event: said.StepRetried) -> None:  # noqa: N802  # named after what was said
        self._line(
            "!", "yellow", event.step, f"attempt {event.attempt} failed: {event.error}; again in {event.wait_s:g} s"
        )

    def _Printed(self, event: said.Printed) -> None:  # noqa: N802  # named after what was said
        for line in event.text.rstrip().splitlines():
            self._line("|", "dim", event.step, line)

    def _Noticed(self, event: said.Noticed) -> None:  # noqa: N802  # named after what was said
        self._line("i", "yellow", event.step, event.text)

    def _line(self, mark: str, style: str, step: str, text: str) -> None:
        self._print(Text.assemble((f"  {mark} ", style), f"{step:<{self._width}}  ", (text.rstrip(), "dim")))

    def _print(self, text: Text) -> None:
        self._bar.console.print(text, soft_wrap=True)
