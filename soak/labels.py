"""Late labels: coverage of every interval, and what CBPE and DLE say under covariate shift and under concept shift."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np
from scipy import special

from regrove.stats.labels import (
    Status,
    arrival_shares,
    audit_sample,
    block_loss,
    cbpe,
    conformal_half_width,
    delay_law,
    direct_loss,
    domain_weights,
    fit_calibrator,
    prediction_powered,
    track_record,
)
from soak.row import Row, at_least, at_most, seen


def rows(full: bool) -> Iterator[Row]:
    """All rows of the topic."""
    yield from _delays(8000 if full else 2000)
    yield from _blocks(2000 if full else 400)
    yield from _metrics(4000 if full else 800)
    yield from _powered(8000 if full else 2000)
    yield from _band(20_000 if full else 4000)
    yield from _stationary(2000 if full else 400)
    yield from _shifts(60 if full else 12)
    yield from _outside(200 if full else 40)
    yield from _direct(300 if full else 40)


def _delays(trials: int) -> Iterator[Row]:
    """Kaplan and Meier's intervals, at many ages, and at one that few or no rows were looked at for."""
    rng = np.random.default_rng(1)
    shares = (0.05, 0.1, 0.5, 0.9, 0.95)
    for size, looked in ((30, 6.0), (100, 6.0), (1000, 6.0), (100, 1.0)):
        wanted = shares if looked == 6.0 else (0.5, 0.9)
        hold: Counter[float] = Counter()
        for _ in range(trials):
            delay, age = rng.exponential(1.0, size), rng.uniform(0.0, looked, size)
            law = delay_law(np.minimum(delay, age), delay <= age)
            hold.update(each for each in wanted if law.interval(-np.log1p(-each)).covers(each))
        for share in wanted:
            name = f"delay law, {size} rows{'' if looked == 6.0 else ', seen until .63'}, share {share}"
            yield at_least(f"{name}: 95% interval holds", 0.94, hold[share], trials)


def _blocks(trials: int) -> Iterator[Row]:
    """Blocks of 1,000 rows at 14 days, where cancellations are known sooner: plain mean, and laws by outcome."""
    rng = np.random.default_rng(2)
    rate, scale = 0.37, np.array([40.0, 20.0])
    old = (rng.random(50_000) < rate).astype(int)
    delay = rng.exponential(scale[old])
    laws = {each: delay_law(delay[old == each], np.ones(int((old == each).sum()))) for each in (0, 1)}
    overall = delay_law(delay, np.ones(len(delay)))
    plain = weighted = 0
    for _ in range(trials):
        new = (rng.random(1000) < rate).astype(int)
        came = rng.exponential(scale[new]) <= 14.0
        shares = np.full(1000, overall.share(14.0))
        shares[came] = arrival_shares(np.full(int(came.sum()), 14.0), laws, new[came])
        found = block_loss(new.astype(float), came, shares)
        width = found.interval.width / 2.0
        plain += abs((found.plain or 0.0) - rate) <= width
        weighted += found.interval.covers(rate)
    yield seen("immature block, delay depends on outcome: unweighted mean within the same width", plain, trials)
    yield at_least("immature block, delay depends on outcome: 95% interval holds", 0.93, weighted, trials)


def _metrics(trials: int) -> Iterator[Row]:
    """CBPE's intervals against drawn labels, with right probabilities and 500 rows."""
    rng = np.random.default_rng(3)
    p = rng.beta(2.0, 4.0, 500)
    scores = np.clip(p + 0.05 * rng.normal(size=500), 0.0, 1.0)
    found = cbpe(p, scores, threshold=0.4)
    hold: Counter[str] = Counter()
    for _ in range(trials):
        real = cbpe(rng.random(500) < p, scores, threshold=0.4)
        hold.update(each.name for each in found.metrics if each.interval.covers(real[each.name].value))
    for each in found.metrics:
        yield at_least(
            f"CBPE, 500 rows, right probabilities, {each.name}: 95% interval holds", 0.93, hold[each.name], trials
        )


def _powered(trials: int) -> Iterator[Row]:
    """Means of 0/1 losses in 4,000 rows, other ones each time; the estimates know half of it, and are off by .2."""
    rng = np.random.default_rng(4)
    for mean in (0.05, 0.2, 0.5, 0.95):
        for labels in (50, 200):
            hold = narrower = plain = 0
            for _ in range(trials):
                p = rng.beta(4.0 * mean, 4.0 * (1.0 - mean), 4000)
                loss = (rng.random(4000) < p).astype(float)
                estimates = np.clip(p + 0.2, 0.0, 1.0)
                chosen = audit_sample(4000, labels, rng).rows
                found = prediction_powered(estimates, estimates[chosen], loss[chosen])
                hold += found.interval.covers(float(loss.mean()))
                narrower += found.interval.width < found.plain_interval.width
                plain += abs(estimates.mean() - loss.mean()) <= found.interval.width / 2.0
            name = f"PPI, {labels} labels, mean loss {mean}"
            yield at_least(f"{name}: 95% interval holds", 0.94, hold, trials)
            yield seen(f"{name}: narrower than the labels alone", narrower, trials)
            yield seen(f"{name}: the estimates alone within the same width", plain, trials)


def _band(trials: int) -> Iterator[Row]:
    """The conformal band, for errors of one skewed law."""
    rng = np.random.default_rng(5)
    for size in (9, 20, 30):
        errors = rng.standard_t(3, size=(trials, size + 1))
        hold = sum(abs(each[-1]) <= conformal_half_width(each[:-1]) for each in errors)
        yield at_least(f"conformal band of {size} errors: 90% band holds", 0.9, hold, trials)


def _stationary(trials: int) -> Iterator[Row]:
    """Estimates that stay as good as they were: how often a look, and a year of looks, calls them unreliable."""
    rng = np.random.default_rng(6)
    counted: Counter[str] = Counter()
    for _ in range(trials):
        errors = rng.normal(0.0, 0.01, 60)
        counted[track_record(0.9, 0.9 + errors[:20], np.full(20, 0.9)).status.value + " at 20"] += 1
        counted[track_record(0.9, 0.9 + errors, np.full(60, 0.9)).status.value + " at 60"] += 1
        shift = errors.copy()
        shift[40:] += 0.05
        counted["found"] += track_record(0.9, 0.9 + shift[:43], np.full(43, 0.9)).status is Status.UNRELIABLE
    for at in (20, 60):
        yield at_most(f"stationary errors, {at} blocks: UNRELIABLE", 0.12, counted[f"unreliable at {at}"], trials)
        yield seen(f"stationary errors, {at} blocks: VALIDATED", counted[f"validated at {at}"], trials)
    yield at_least("errors shift by 5 sd: UNRELIABLE 3 blocks later", 0.95, counted["found"], trials)


def _shifts(trials: int) -> Iterator[Row]:
    """40 blocks of 2,000 rows after a reference of 20,000, for a classifier and a regression."""
    for name, concept in (("covariate shift", 0.0), ("concept shift", 1.5)):
        wanted = Status.UNRELIABLE if concept else Status.VALIDATED
        graded: Counter[str] = Counter()
        for trial in range(trials):
            rng = np.random.default_rng(100 + trial)
            graded["CBPE"] += _classifier(rng, concept, trial) is wanted
            graded["DLE"] += _regression(rng, concept, trial) is wanted
        for each in ("CBPE", "DLE"):
            yield at_least(f"{each}, {name}: {wanted.name}", 0.85, graded[each], trials)


def _classifier(rng: np.random.Generator, concept: float, seed: int) -> Status:
    """Rows move by up to half a deviation; the last 15 blocks of a concept shift follow another law."""
    x = rng.normal(size=20_000)
    calibrator = fit_calibrator(rng.random(20_000) < special.expit(2.0 * x), special.expit(x))
    estimates, realised = [], []
    for block in range(41):
        z = rng.normal(size=2000) + 0.5 * np.sin(block)
        truth = rng.random(2000) < special.expit(2.0 * z - concept * (block >= 25) * (1.0 + z))
        estimates.append(cbpe(calibrator.apply(special.expit(z)))["accuracy"].value or 0.0)
        realised.append(float(np.mean((z >= 0.0) == truth)))
    domain = domain_weights(x[:2000, None], z[:, None], seed=seed)
    return track_record(
        estimates[-1], estimates[:-1], realised[:-1], domain_auc=domain.auc, outside=domain.outside
    ).status


def _regression(rng: np.random.Generator, concept: float, seed: int) -> Status:
    """The noise grows with x, and rows move; after a concept shift the mean moves as well."""
    x = rng.uniform(0.0, 1.0, 20_000)
    y = 3.0 * x + (0.2 + x) * rng.normal(size=20_000)
    z = np.clip(rng.uniform(0.0, 1.0, (41, 2000)) ** (1.5 + np.sin(np.arange(41)))[:, None], 0.0, 1.0)
    truth = 3.0 * z + (0.2 + z) * rng.normal(size=z.shape) + 0.7 * concept * (np.arange(41) >= 25)[:, None]
    found = direct_loss(x[:, None], 3.0 * x, y, z.reshape(-1, 1), 3.0 * z.ravel(), seed=seed)
    estimates = found.losses.reshape(41, 2000).mean(axis=1)
    realised = np.abs(truth - 3.0 * z).mean(axis=1)
    domain = domain_weights(x[:2000, None], z[-1][:, None], seed=seed)
    return track_record(
        float(estimates[-1]), estimates[:-1], realised[:-1], domain_auc=domain.auc, outside=domain.outside
    ).status


def _outside(trials: int) -> Iterator[Row]:
    """Windows that have not moved: more than 5% of their rows outside the reference, as no estimate survives it."""
    for rows_, columns in ((500, 10), (1000, 40)):
        rng = np.random.default_rng(7)
        more = 0
        for trial in range(trials):
            old, new = rng.normal(size=(rows_, columns)), rng.normal(size=(1000, columns))
            more += domain_weights(old, new, folds=2, seed=trial).outside > 0.05
        yield at_most(f"no move, {columns} columns, {rows_} reference rows: more than 5% outside", 0.05, more, trials)


def _direct(trials: int) -> Iterator[Row]:
    """DLE's interval, 3,000 reference rows and windows of 2,000 whose rows have moved to where the noise is larger."""
    for name, power in (("no shift", 1.0), ("rows moved", 0.5)):
        hold = naive = 0
        for trial in range(trials):
            rng = np.random.default_rng(500 + trial)
            x, z = rng.uniform(0.0, 1.0, 3000), rng.uniform(0.0, 1.0, 2000) ** power
            y, came = 3.0 * x + (0.2 + x) * rng.normal(size=3000), (0.2 + z) * rng.normal(size=2000)
            found = direct_loss(x[:, None], 3.0 * x, y, z[:, None], 3.0 * z, seed=trial)
            real = float(np.abs(came).mean())
            hold += found.interval.covers(real)
            naive += abs(found.reference - real) <= found.interval.width / 2.0
        yield at_least(f"DLE, {name}: 95% interval holds", 0.93, hold, trials)
        yield seen(f"DLE, {name}: the reference's loss within the same width", naive, trials)
