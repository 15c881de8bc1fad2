"""Can a classifier tell the window from the reference, on days that it never saw? And by which columns?"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
import numpy as np
import numpy.typing as npt
from scipy import special

from regrove.stats.arrays import Codes, Floats, codes, same_rows
from regrove.stats.drift.tail import rank_p
from regrove.stats.labels.boosting import fit_boosted, table
from regrove.stats.placements import placements
from regrove.stats.verdict import Interval, InvalidStatistic

__all__ = ["Apart", "tell_apart"]

Models = list[tuple[int, Callable[[Floats], Floats]]]
"""A model and the fold that it has not seen."""

_ROWS = 10_000
_LEVEL = 0.95


class Apart(msgspec.Struct, frozen=True, kw_only=True):
    """How well window and reference can be told apart."""

    auc: float
    """The chance that a window row looks more like the window than a reference row; held out; .5 when alike."""
    interval: Interval
    """Of the AUC: normal, with the spread of the AUCs of exchanged blocks."""
    p: float
    columns: tuple[tuple[str, float], ...]
    """The columns that give the window away: what the AUC loses when a column is shuffled, largest first."""
    null: float
    """The mean AUC of exchanged blocks."""
    rows: int
    """Rows that were looked at."""
    blocks_reference: int
    blocks_window: int
    draws: int
    seed: int
    reason: str


def tell_apart(
    reference: npt.ArrayLike,
    window: npt.ArrayLike,
    *,
    blocks_reference: npt.ArrayLike,
    blocks_window: npt.ArrayLike,
    names: Sequence[str] = (),
    draws: int = 19,
    folds: int = 5,
    top: int = 5,
    seed: int = 0,
) -> Apart:
    """Fit a boosted classifier of the side of a row, hold whole blocks out, and ask what its AUC would be by chance.

    Blocks are held out because a classifier recognises days: with rows held out at random it tells any two sets of days
    apart. Chance is what is found when the side is dealt to blocks anew, ``draws`` times; the p-value is the rank, or
    where the observed AUC is beyond all of them the tail of a t law with their mean and spread. At most 10,000 rows are
    looked at, as many of each block. Sources: Lopez-Paz and Oquab (2017), ICLR; Breiman (2001) for the shuffling.

    Args:
        reference: shape (rows, columns); what is not finite counts as absent.
        window: the same columns.
        blocks_reference: the day or batch of each reference row.
        blocks_window: the same for the window; no block may be on both sides.
        names: of the columns, for the record; their numbers when there are none.
        draws: times that the sides are dealt anew; each fits as many models as there are folds.
        folds: models that are fitted.
        top: columns that are listed.
        seed: of draws, models and folds.

    Raises:
        InvalidStatistic: fewer than 2 blocks a side, a block on both sides, columns that do not match.
        MissingExtra: scikit-learn is not installed.

    >>> rng = np.random.default_rng(0)
    >>> old, new = rng.normal(size=(600, 2)), rng.normal(size=(200, 2)) + [0, 2]
    >>> found = tell_apart(old, new, blocks_reference=np.arange(600) // 50, blocks_window=100 + np.arange(200) // 50)
    >>> found.auc > 0.85, found.p < 0.001, found.columns[0][0]
    (True, True, '1')
    """
    old, new = table("reference", reference), table("window", window)
    labels = [str(each) for each in names] or [str(each) for each in range(old.shape[1])]
    block, is_window = _blocks(old, new, blocks_reference, blocks_window, labels, draws, folds)
    rng = np.random.default_rng(seed)
    kept = _sample(block, len(is_window), rng)
    x, block = np.concatenate([old, new])[kept], block[kept]
    found, fold, models = _held_out_auc(x, block, is_window, folds, seed, rng)
    null = np.array([_held_out_auc(x, block, rng.permutation(is_window), folds, seed, rng)[0] for _ in range(draws)])
    centre, spread = float(null.mean()), max(float(null.std(ddof=1)), 1e-9)
    p = rank_p(found, null)
    if p <= 1.0 / (draws + 1):
        beyond = (found - centre) / (spread * (1.0 + 1.0 / draws) ** 0.5)
        p = min(p, max(float(special.stdtr(draws - 1, -beyond)), 1e-300))
    half = float(special.ndtri(0.5 + _LEVEL / 2.0)) * spread
    lost = _lost(x, is_window[block], fold, models, found, rng)
    order = np.argsort(-lost, kind="stable")[:top]
    return Apart(
        auc=found,
        interval=Interval(max(0.0, found - half), min(1.0, found + half), _LEVEL),
        p=p,
        columns=tuple((labels[each], float(lost[each])) for each in order),
        null=centre,
        rows=len(x),
        blocks_reference=int((~is_window).sum()),
        blocks_window=int(is_window.sum()),
        draws=draws,
        seed=seed,
        reason=f"an AUC of {found:.3f} on blocks held out, {centre:.3f} with sides dealt by chance",
    )


def _blocks(
    old: Floats,
    new: Floats,
    blocks_reference: npt.ArrayLike,
    blocks_window: npt.ArrayLike,
    labels: list[str],
    draws: int,
    folds: int,
) -> tuple[Codes, npt.NDArray[np.bool_]]:
    """The block of each row, and whether a block is of the window."""
    left, one = codes(blocks_reference)
    right, two = codes(blocks_window)
    same_rows(reference=old, blocks_reference=one)
    same_rows(window=new, blocks_window=two)
    both = sorted(set(left) & set(right))
    if old.shape[1] != new.shape[1] or len(labels) != old.shape[1] or min(len(left), len(right)) < 2 or both:
        raise InvalidStatistic(
            "Window and reference cannot be told apart",
            expected="the same columns, a name for each, at least 2 blocks a side, and none on both",
            received=f"{old.shape[1]} and {new.shape[1]} columns, {len(labels)} names, {len(left)} and {len(right)} "
            f"blocks, {len(both)} on both sides",
        )
    if draws < 2 or folds < 2:
        raise InvalidStatistic(
            "Chance cannot be drawn", expected="at least 2 draws and 2 folds", received=f"{draws} and {folds}"
        )
    return np.concatenate([one, len(left) + two]), np.repeat([False, True], [len(left), len(right)])


def _sample(block: Codes, blocks: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Rows in random order, cut to as many of each block: sides dealt anew must be made of like blocks."""
    order = rng.permutation(len(block))
    most = max(1, _ROWS // blocks)
    kept = [order[block[order] == each][:most] for each in range(blocks)]
    return np.sort(np.concatenate(kept))


def _held_out_auc(
    x: Floats, block: Codes, is_window: npt.NDArray[np.bool_], folds: int, seed: int, rng: np.random.Generator
) -> tuple[float, Codes, Models]:
    """The AUC of each row's score by a model without its fold; folds are of whole blocks and hold both sides."""
    count = min(folds, int(is_window.sum()), int((~is_window).sum()))
    home = np.empty(len(is_window), dtype=np.int64)
    for side in (is_window, ~is_window):
        home[side] = rng.permutation(int(side.sum())) % count
    fold, target = home[block], is_window[block]
    score = np.empty(len(x))
    models: Models = []
    for each in range(count):
        here = fold == each
        model = fit_boosted(x[~here], target[~here].astype(np.float64), classes=True, seed=seed)
        score[here] = model(x[here])
        models.append((each, model))
    return _auc(score, target), fold, models


def _lost(
    x: Floats,
    target: npt.NDArray[np.bool_],
    fold: Codes,
    models: Models,
    found: float,
    rng: np.random.Generator,
) -> Floats:
    lost = np.empty(x.shape[1])
    order = rng.permutation(len(x))
    for column in range(x.shape[1]):
        shuffled = x.copy()
        shuffled[:, column] = x[order, column]
        score = np.empty(len(x))
        for each, model in models:
            here = fold == each
            score[here] = model(shuffled[here])
        lost[column] = found - _auc(score, target)
    return lost


def _auc(score: Floats, target: npt.NDArray[np.bool_]) -> float:
    return float(placements(score[target], score[~target])[0].mean())
