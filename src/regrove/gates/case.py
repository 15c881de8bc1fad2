"""What a check is given: the candidate, the champion if there is one, and the rows that speak of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np
import polars as pl

from regrove.clock import iso
from regrove.errors import RegroveError
from regrove.gates.rows import DAY, LABEL, REQUEST, TIME, Rows, hashes
from regrove.gates.scoring import Question

if TYPE_CHECKING:
    from regrove.gates.config import GateConfig
    from regrove.registry import ModelVersion, Predictor, Signature
    from regrove.storage import Vault

__all__ = ["LEAST_DAYS", "Case", "Contender", "Shared", "Unanswered"]

LEAST_DAYS: Final = 5
"""Fewer days decide nothing (`regrove.stats.comparison.judge`)."""


class Unanswered(Exception):
    """The packaged model does not answer the rows that it is to be judged by; the text is a sentence."""


class Shared(msgspec.Struct, frozen=True):
    """The held-out rows that candidate and champion can be compared on."""

    rows: pl.DataFrame
    left_out: int
    """Rows that the champion may have learnt from."""
    why: str
    """A sentence that says why there are none, or why some were left out; empty when all are there."""


class Contender:
    """A model version with the rows that its run left behind, and its packaged serving path."""

    def __init__(
        self, version: ModelVersion, artifact: str, load: Callable[[], Predictor], vault: Vault, zone: str
    ) -> None:
        self.version = version
        self.artifact = artifact
        """The digest of the rows; empty when its runs left none."""
        self._load = load
        self._vault = vault
        self._zone = zone

    @property
    def signature(self) -> Signature:
        """What it is asked and what it answers."""
        return self.version.manifest.signature

    @cached_property
    def rows(self) -> Rows | None:
        """The rows of its run; None when there are none."""
        return Rows.read(self._vault, self.artifact, self._zone) if self.artifact else None

    @cached_property
    def _predictor(self) -> Predictor:
        return self._load()

    def answers(self, requests: pl.DataFrame) -> pl.DataFrame:
        """What the packaged model answers to the rows of a request; Unanswered, with the reason, when it does not."""
        try:
            return self._predictor.predict_frame(requests)
        except RegroveError as error:
            received = f" (received: {error.received})" if error.received else ""
            raise Unanswered(f"{self.version.ref} does not answer: {error.happened}{received}.") from error


class Case:
    """One candidate before its gate."""

    def __init__(
        self, gate: GateConfig, candidate: Contender, champion: Contender | None, *, uses: Callable[[str], int]
    ) -> None:
        self.gate = gate
        self.candidate = candidate
        self.champion = champion
        self._uses = uses

    @property
    def metric(self) -> str:
        """The metric of the comparison with the champion."""
        stated = self.gate.champion.metric if self.gate.champion else ""
        return stated or self.candidate.version.manifest.training.metric

    @property
    def identity(self) -> str:
        """The digest of the held-out rows; empty when there are none."""
        return self.candidate.rows.identity if self.candidate.rows else ""

    @cached_property
    def used(self) -> int:
        """How many reports rest on these held-out rows already."""
        return self._uses(self.identity) if self.identity else 0

    @cached_property
    def holdout(self) -> pl.DataFrame:
        """The rows that the candidate was not trained on, each with its day; none when there is no such row."""
        return self.candidate.rows.holdout if self.candidate.rows else pl.DataFrame()

    @property
    def days(self) -> int:
        """How many days they lie on."""
        return self.holdout[DAY].n_unique() if self.holdout.height else 0

    @cached_property
    def answered(self) -> pl.DataFrame:
        """What the candidate's packaged model answers to the held-out rows; Unanswered when it does not."""
        assert self.candidate.rows is not None
        return self.candidate.answers(self.candidate.rows.requests(self.holdout))

    def question(self, rows: pl.DataFrame, metric: str = "") -> Question:
        """The metric on some of the held-out rows."""
        return Question(metric or self.metric, self.candidate.signature, rows[LABEL], rows[DAY])

    @cached_property
    def shared(self) -> Shared:
        """The held-out rows that the champion has not learnt from, and can answer."""
        assert self.champion is not None
        none = self.holdout.clear()
        why = self._incomparable(self.champion)
        if why:
            return Shared(none, 0, why)
        assert self.champion.rows is not None
        unseen, said = _unseen(self.holdout, self.champion.rows)
        rows = self.holdout.filter(pl.Series(unseen))
        return Shared(rows, self.holdout.height - rows.height, said)

    @cached_property
    def pair(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        """What champion and candidate answer to the shared rows; Unanswered when one does not."""
        assert self.champion is not None
        assert self.candidate.rows is not None
        requests = self.candidate.rows.requests(self.shared.rows)
        return self.champion.answers(requests), self.candidate.answers(requests)

    def _incomparable(self, champion: Contender) -> str:
        """Why the two cannot be compared on the same rows, as a sentence; empty when they can."""
        ours, theirs = self.candidate.signature, champion.signature
        ref = champion.version.ref
        if ours.output != theirs.output:
            return f"{ref} answers something else: {_spoken(theirs)} instead of {_spoken(ours)}."
        for field in theirs.request:
            if field.name not in ours.request:
                return f"{ref} needs the field {field.name!r}, which a request of {self.candidate.version.ref} lacks."
            if ours.request[field.name].type is not field.type:
                there = ours.request[field.name].type
                return f"{ref} reads {field.name!r} as {field.type}, and {self.candidate.version.ref} as {there}."
        if champion.rows is None:
            return f"It is not known which rows {ref} has learnt from: no run of it left them behind."
        return ""


def _spoken(signature: Signature) -> str:
    output = signature.output
    named = f" of {', '.join(map(str, output.classes))}" if output.classes else ""
    return f"{output.task}{named}"


def _unseen(holdout: pl.DataFrame, champion: Rows) -> tuple[np.ndarray, str]:
    """Which held-out rows the champion cannot have learnt from, and a sentence when some are left out.

    Rows up to the last one that it learnt from are left out whatever they are, as it has seen what came after them, and
    it has learnt from none that is later. Where its rows have no time, those that stand among them are left out.
    """
    until = champion.learnt_until
    if until is not None:
        unseen = holdout[TIME].dt.cast_time_unit("us").to_physical().to_numpy() > until
    else:
        unseen = ~_among(holdout, champion.train)
    left_out = int((~unseen).sum())
    if not left_out:
        return unseen, ""
    after = f", whose last one is of {iso(until)}" if until is not None else ""
    said = f"{left_out:,} of {holdout.height:,} held-out rows are left out: the champion learnt from them or from later"
    return unseen, f"{said} ones{after}."


def _among(holdout: pl.DataFrame, train: pl.DataFrame) -> np.ndarray:
    """Which rows stand in the other frame too, by the fields of a request that both have, and their labels."""
    names = [name for name in holdout.columns if name.startswith(REQUEST) and name in train.columns]
    alike = [name for name in names if holdout.schema[name] == train.schema[name]]
    if not alike:
        return np.zeros(holdout.height, dtype=np.bool_)
    same = [LABEL] if holdout.schema[LABEL] == train.schema[LABEL] else []
    return np.isin(hashes(holdout, [*same, *alike]), hashes(train, [*same, *alike]))
