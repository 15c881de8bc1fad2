"""Training a model again because of an event: at most one run for each cause, and none on the data of the last time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from regrove.ledger import attribution
from regrove.playbooks.action import Retrained

if TYPE_CHECKING:
    from regrove.datasets import Datasets, DatasetVersion
    from regrove.ledger import Ledger
    from regrove.pipelines import Pipelines
    from regrove.tracking import Run, Runs
    from regrove.tracking.run import RunDetails

__all__ = ["Retraining"]

_KIND: Final = "pipeline"
_LOOKED: Final = 50  # runs of the model, the newest first: a run of this cause is among the last ones


class Retraining:
    """Retrains models, as `regrove.playbooks` asks for it."""

    def __init__(self, pipelines: Pipelines, runs: Runs, datasets: Datasets, ledger: Ledger) -> None:
        self._pipelines = pipelines
        self._runs = runs
        self._datasets = datasets
        self._ledger = ledger

    def retrain(self, model: str, *, cause: str) -> Retrained:
        """Run the pipeline of ``model`` because of ``cause``; what an earlier call with this cause made is returned.

        A run that was interrupted is continued. Nothing is run when every dataset has the content that the last model
        was made of, or when what was made is a version that is there already.
        """
        runs = self._runs.list(name=model, kind=_KIND, limit=_LOOKED)
        mine = [each for each in runs if self._is_mine(each, cause)]
        if mine and mine[0].status == "finished":
            return self._told(mine[0])
        taken: dict[str, DatasetVersion] = {}
        if not mine and (same := self._same_data(model, taken)) is not None:
            return same
        return self._told(self._pipelines.run(model, cause=cause, taken=taken).run)

    def _is_mine(self, run: Run, cause: str) -> bool:
        """Whether the acting playbook began or continued the run because of ``cause``."""
        actor = attribution().actor
        if run.cause == cause and run.actor == actor:
            return True
        resumed = self._ledger.read(types=("run.resumed",), subject=run.ref) if run.resumed else []
        return any(each.cause == cause and each.actor == actor for each in resumed)

    def _same_data(self, model: str, taken: dict[str, DatasetVersion]) -> Retrained | None:
        """Why there is nothing new to learn from, or None when there is something.

        The rows of a log that were taken to find that out are added to ``taken``, to be learned from.
        """
        last = next(iter(self._runs.list(name=model, kind=_KIND, status=("finished",), limit=1)), None)
        if last is None:
            return None
        details = self._runs.details(last.ref)
        for each in details.inputs:
            # What can be told from unread files is told first; the rows of a log must be taken to be compared.
            known = self._datasets.check(each.name)
            if known is not None and known.ref != each.ref:
                return None
        for each in details.inputs:
            now = self._datasets.check(each.name)
            if now is None:
                now = taken[each.name] = self._datasets.register(each.name)
            if now.ref != each.ref:
                return None
        what = ", ".join(each.ref for each in details.inputs)
        return Retrained(run=last.ref, reason=f"{_made(details) or last.ref} was made of the same data: {what}.")

    def _told(self, run: Run) -> Retrained:
        details = self._runs.details(run.ref)
        model = _made(details)
        makers: Sequence[Run] = self._runs.makers(model)
        if makers[0].id != run.id:
            text = f"It made {model} again, to the byte: of data that it had learned from before."
            return Retrained(run=run.ref, reason=text)
        what = ", ".join(each.ref for each in details.inputs)
        return Retrained(run=run.ref, model=model, reason=f"It learned from {what}.")


def _made(details: RunDetails) -> str:
    """The version that a run made, or an empty text."""
    return next((each.ref for each in details.artifacts if each.kind == "model" and each.ref), "")
