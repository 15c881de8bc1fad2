"""Draws docs/images/statistics/*.svg, a picture for each page of docs/statistics: ``make pictures``.

Each picture is computed here by the functions that the page explains.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from scipy import special

FOLDER = Path(__file__).parent / "images" / "statistics"
BLUE, RED, GREY, GREEN = "#2563eb", "#dc2626", "#9ca3af", "#059669"


def summaries(one: Axes, two: Axes) -> None:
    """Cells from the reference's quantiles, and a window counted on them."""
    from regrove.stats.summaries import count_numbers, edges_of

    rng = np.random.default_rng(0)
    reference, window = rng.lognormal(3, 0.6, 20_000), rng.lognormal(3.15, 0.6, 2_000)
    layout = edges_of(reference, cells=32)
    one.hist(reference, bins=120, range=(0, 100), color=GREY)
    for edge in layout.edges:
        one.axvline(edge, color=BLUE, linewidth=0.5)
    one.set(title="cells hold equal shares of the reference", xlabel="value", xlim=(0, 100))
    for values, colour, name in ((reference, GREY, "reference"), (window, RED, "window")):
        counts = np.asarray(count_numbers(values, layout).cells()[: layout.cells], dtype=float)
        two.step(range(layout.cells), counts / counts.sum(), color=colour, where="mid", label=name)
    two.set(title="a window on the same cells", xlabel="cell", ylabel="share of rows")
    two.legend()


def drift(one: Axes, two: Axes) -> None:
    """The same window, with rows taken as independent and with days exchanged."""
    from regrove.stats import Tier
    from regrove.stats.drift import ColumnCounts, compare

    rng = np.random.default_rng(1)
    found: dict[str, list[float]] = {"rows as independent": [], "days exchanged": []}
    levels = np.linspace(-1, 1, 10)
    for trial in range(300):
        share = np.exp(0.3 * rng.normal(size=(67, 1)) * levels)
        counts = rng.multinomial(300, share / share.sum(axis=1, keepdims=True))
        column = ColumnCounts(name="x", reference=counts[:60], window=counts[60:], ordered=10)
        for name, tier in (("rows as independent", Tier.IID), ("days exchanged", Tier.BLOCK)):
            found[name].append(compare([column], draws=199, seed=trial, tier=tier, effects=False).columns[0].p or 1.0)
    for (name, p), colour in zip(found.items(), (RED, BLUE), strict=True):
        one.plot(np.sort(p), np.arange(1, 301) / 300, color=colour, label=f"{name}: {np.mean(np.array(p) <= 0.05):.0%}")
    one.plot([0, 1], [0, 1], color=GREY, linewidth=0.8)
    one.set(title="p-values of 300 weeks without drift", xlabel="p", ylabel="share at or below")
    one.legend(title="alarms at 5%")
    sizes = np.array([30, 100, 300, 1000, 3000, 10_000])
    raw, clean = [], []
    for size in sizes:
        columns = [
            ColumnCounts(
                name=str(each), reference=rng.multinomial(10 * size, [1 / 32] * 32)[None],
                window=rng.multinomial(size, [1 / 32] * 32)[None], ordered=32,
            )
            for each in range(20)
        ]  # fmt: skip
        effects = [each.effect("js") for each in compare(columns, draws=199).columns]
        raw.append(np.mean([each.raw for each in effects if each]))
        clean.append(np.mean([each.value for each in effects if each]))
    two.semilogx(sizes, raw, color=RED, marker="o", label="as usually computed")
    two.semilogx(sizes, clean, color=BLUE, marker="o", label="cleaned of chance")
    two.axhline(0.1, color=GREY, linewidth=0.8, linestyle="--")
    two.set(title="Jensen-Shannon distance without drift", xlabel="rows in the window")
    two.legend()


def multivariate(one: Axes, two: Axes) -> None:
    """A correlation that goes, with margins that stay."""
    from regrove.stats.multivariate import kernel_test
    from regrove.stats.summaries import fourier_map, fourier_sums

    rng = np.random.default_rng(2)

    def day(correlation: float) -> np.ndarray:
        return rng.multivariate_normal([0, 0], [[1, correlation], [correlation, 1]], 150)

    reference = [day(0.8) for _ in range(40)]
    one.scatter(*np.vstack(reference[:4]).T, s=4, color=GREY, label="reference")
    one.scatter(*np.vstack([day(0.0) for _ in range(3)]).T, s=4, color=RED, label="window")
    one.set(title="each column alone is as it was", xlabel="fare", ylabel="distance")
    one.legend()
    through = fourier_map(np.vstack(reference[:10]))
    sums = [fourier_sums(each, through) for each in reference]
    strengths = [0.8, 0.7, 0.6, 0.5, 0.4, 0.2, 0.0]
    p = [kernel_test(sums, [fourier_sums(day(each), through) for _ in range(7)]).p for each in strengths]
    two.semilogy(strengths, p, color=BLUE, marker="o")
    two.axhline(0.05, color=GREY, linestyle="--", linewidth=0.8)
    two.invert_xaxis()
    two.set(title="p of the kernel test, 7 of 47 days", xlabel="correlation in the window (reference: .8)")


def multiplicity(one: Axes, two: Axes) -> None:
    """Any false alarm among many columns, and pages over a year."""
    from regrove.stats.multiplicity import Budget, holm

    rng, counts = np.random.default_rng(3), [1, 5, 10, 20, 40, 80]
    plain, corrected = [], []
    for count in counts:
        p = rng.random((600, count))
        plain.append(np.mean((p <= 0.05).any(axis=1)))
        corrected.append(np.mean([holm(each.tolist(), 0.05).count > 0 for each in p]))
    one.plot(counts, plain, color=RED, marker="o", label="each at 5%")
    one.plot(counts, corrected, color=BLUE, marker="o", label="Holm")
    one.set(title="a window without drift: any alarm", xlabel="columns", ylim=(0, 1))
    one.legend()
    days = np.arange(366)
    for seed in range(3):
        p = np.random.default_rng(seed).random(365)
        two.step(days, np.r_[0, np.cumsum(p <= 0.05)], color=RED, linewidth=0.8, label="5% a day" if not seed else None)
        rung = np.cumsum(p <= Budget().level)
        two.step(days, np.r_[0, rung], color=BLUE, linewidth=0.8, label="1 page in 90 days" if not seed else None)
    two.set(title="false pages of three years", xlabel="day")
    two.legend()


def sequential(one: Axes, two: Axes) -> None:
    """Peeking, and the evidence along a ramp."""
    from regrove.stats.sequential import begin, count, observe

    rng, looks = np.random.default_rng(4), np.arange(200, 20_001, 200)
    z_stops, e_stops = np.zeros(len(looks)), np.zeros(len(looks))
    trials = 300
    for _ in range(trials):
        arm, failed = rng.random(20_000) < 0.5, rng.random(20_000) < 0.01
        n = np.cumsum(arm)[looks - 1], np.cumsum(~arm)[looks - 1]
        x = np.cumsum(arm & failed)[looks - 1], np.cumsum(~arm & failed)[looks - 1]
        pooled = np.clip((x[0] + x[1]) / looks, 1e-9, 1)
        z = (x[0] / n[0] - x[1] / n[1]) / np.sqrt(pooled * (1 - pooled) * (1 / n[0] + 1 / n[1]))
        z_stops += np.maximum.accumulate(np.abs(z) > special.ndtri(0.975))
        grid, path = begin(), []
        for start, end in zip(np.r_[0, looks[:-1]], looks, strict=True):
            grid = count(grid, arm[start:end][failed[start:end]], 0.5)
            path.append(grid.p <= 0.05)
        e_stops += np.array(path)
    one.plot(looks, z_stops / trials, color=RED, label="z-test at 5%")
    one.plot(looks, e_stops / trials, color=BLUE, label="grid e-process at 5%")
    one.set(title="good canaries stopped so far", xlabel="requests, looked at every 200", ylim=(0, 0.45))
    one.legend()
    share = np.repeat([0.05, 0.2, 0.5], [4000, 6000, 10_000])
    for ratio, colour in ((1.0, GREY), (1.5, BLUE), (2.0, GREEN), (3.0, RED)):
        arm = rng.random(20_000) < share
        failed = np.flatnonzero(rng.random(20_000) < np.where(arm, 0.01 * ratio, 0.01))
        grid, logs = begin(), []
        for event in failed:
            grid = observe(grid, bool(arm[event]), float(share[event]))
            logs.append(grid.log_e / np.log(10))
        two.plot(failed, logs, color=colour, label=f"{ratio:g} x the errors")
    two.axhline(2, color="black", linestyle="--", linewidth=0.8)
    two.set(
        title="evidence while the share grows: stop at 100", xlabel="request", ylabel="log10 e-value", ylim=(-3, 10)
    )
    two.legend()


def labels(one: Axes, two: Axes) -> None:
    """Early labels are no sample; a record that breaks."""
    from regrove.stats.labels import delay_law

    rng = np.random.default_rng(5)
    canceled = rng.random(20_000) < 0.37
    delay = rng.exponential(np.where(canceled, 20, 40))
    ages = np.arange(2, 121, 2)
    laws = {each: delay_law(delay[canceled == each], np.ones(int((canceled == each).sum()))) for each in (True, False)}
    naive, weighted = [], []
    for age in ages:
        came = delay <= age
        naive.append(canceled[came].mean())
        weight = np.where(canceled, 1 / laws[True].share(age), 1 / laws[False].share(age))[came]
        weighted.append((weight * canceled[came]).sum() / weight.sum())
    one.plot(ages, naive, color=RED, label="labels so far")
    one.plot(ages, weighted, color=BLUE, label="weighted by a law for each outcome")
    one.axhline(0.37, color=GREY, linestyle="--", linewidth=0.8)
    one.set(title="cancel rate of a block by its age (truth .37)", xlabel="days", ylim=(0.3, 0.6))
    one.legend()
    law = delay_law(np.minimum(delay, 60), delay <= 60)
    grid = np.arange(0, 60)
    shares = [law.share(each) for each in grid]
    bands = [law.interval(each) for each in grid]
    two.fill_between(grid, [each.low for each in bands], [each.high for each in bands], color=BLUE, alpha=0.3)
    two.plot(grid, shares, color=BLUE)
    two.axhline(0.95, color=GREY, linestyle="--", linewidth=0.8)
    two.set(title="labels that have come (Kaplan-Meier)", xlabel="age of the block in days", ylim=(0, 1))


def groups(one: Axes, two: Axes) -> None:
    """Largest minus smallest rate, and intervals."""
    from regrove.stats.groups import RateKind, rate_table, worse_group

    rng = np.random.default_rng(6)
    sizes = [5, 12, 40, 200, 900, 6000, 170_000]
    gaps = [np.ptp(rng.binomial(sizes, 0.38) / sizes) for _ in range(2000)]
    one.hist(gaps, bins=40, color=RED)
    one.axvline(0.05, color="black", linestyle="--", linewidth=0.8)
    one.set(title="seven equal groups: largest minus smallest rate", xlabel="difference")
    names = np.repeat(["a", "b", "c", "d"], [9000, 6000, 900, 60])
    truth = rng.random(len(names)) < 0.3
    decided = np.where(truth, rng.random(len(names)) < np.where(names == "c", 0.55, 0.75), rng.random(len(names)) < 0.1)
    verdict = worse_group(
        rate_table(RateKind.TRUE_POSITIVE, names, decided=decided, truth=truth), limit=0.1, worse="lower"
    )
    for place, gap in enumerate(verdict.gaps):
        two.plot([gap.interval.low, gap.interval.high], [place, place], color=BLUE)
        two.plot(gap.value, place, "o", color=BLUE)
    two.axvline(-0.1, color=RED, linestyle="--", linewidth=0.8)
    two.set(title=f"true positive rate against the others: {verdict.gate}", yticks=range(len(verdict.gaps)),
            yticklabels=[each.group for each in verdict.gaps])  # fmt: skip


def calibration(one: Axes, two: Axes) -> None:
    """A curve without bins, and the bias of bins."""
    from regrove.stats.calibration import squared_error

    rng = np.random.default_rng(7)
    scores = np.sort(rng.random(5000))
    truth = rng.random(5000) < 0.25 + 0.5 * scores
    from sklearn.isotonic import IsotonicRegression

    one.plot(scores, IsotonicRegression().fit_transform(scores, truth.astype(float)), color=BLUE, label="observed")
    one.plot([0, 1], [0, 1], color=GREY, linewidth=0.8)
    one.set(title="a score that is too sure", xlabel="score", ylabel="rate")
    sizes = [100, 200, 500, 1000, 3000]
    plain, clean = [], []
    for size in sizes:
        errors = []
        for _ in range(150):
            fair = rng.random(size)
            errors.append(squared_error(rng.random(size) < fair, fair))
        plain.append(np.mean([each.plain for each in errors]))
        clean.append(np.mean([np.sign(each.squared) * abs(each.squared) ** 0.5 for each in errors]))
    two.semilogx(sizes, plain, color=RED, marker="o", label="binned error")
    two.semilogx(sizes, clean, color=BLUE, marker="o", label="debiased")
    two.axhline(0, color=GREY, linewidth=0.8)
    two.set(title="error of a perfectly calibrated score", xlabel="rows")
    two.legend()


def robustness(one: Axes, two: Axes) -> None:
    """Answers that flip."""
    from regrove.stats.robustness import flip_rate, perturbed, usual_plan

    rng = np.random.default_rng(8)
    table = {
        "distance": rng.lognormal(6, 0.5, 4000),
        "hour": rng.integers(0, 24, 4000) * 1.0,
        "carrier": rng.choice(["AA", "UA", "DL"], 4000),
    }

    def model(columns: dict[str, np.ndarray]) -> np.ndarray:
        late = 0.002 * np.nan_to_num(columns["distance"]) + (np.nan_to_num(columns["hour"]) > 17)
        return late + (columns["carrier"] == "UA") > 1.5

    before = model(table)
    changes = usual_plan(table)
    found = [flip_rate(before, model(perturbed(table, each)), 0.02, name=str(each)) for each in changes]
    for place, each in enumerate(found):
        one.plot([each.interval.low, each.interval.high], [place, place], color=BLUE)
        one.plot(each.share, place, "o", color=BLUE, markersize=4)
    one.axvline(0.02, color=RED, linestyle="--", linewidth=0.8)
    one.set(title="answers that flip", yticks=range(len(found)), xlabel="share of rows")
    one.set_yticklabels([str(each) for each in changes], fontsize=6)
    rows = np.array([50, 100, 200, 500, 1000, 3000, 10_000])
    from regrove.stats.drift import wilson

    two.semilogx(rows, [wilson(round(0.01 * each), int(each)).high for each in rows], color=BLUE, marker="o")
    two.axhline(0.02, color=RED, linestyle="--", linewidth=0.8)
    two.set(title="upper bound when 1% flip", xlabel="rows that were tried")


def privacy(one: Axes, two: Axes) -> None:
    """An attack on a model that knows its rows by heart, and rows that stand alone."""
    from regrove.stats.privacy import anonymity

    rng = np.random.default_rng(9)
    for scale, colour, name in ((1.0, BLUE, "honest model"), (0.3, RED, "knows its rows by heart")):
        inside, outside = rng.exponential(scale, 20_000), rng.exponential(1.0, 20_000)
        limits = np.quantile(outside, np.logspace(-3, 0, 60))
        one.loglog(
            np.logspace(-3, 0, 60), [max((inside <= each).mean(), 1e-5) for each in limits], color=colour, label=name
        )
    one.loglog([1e-3, 1], [1e-3, 1], color=GREY, linewidth=0.8)
    one.set(title="members found at few false alarms", xlabel="false positive rate", ylabel="true positive rate")
    one.legend()
    sizes, smallest = [200, 500, 1000, 3000, 10_000, 30_000], []
    for size in sizes:
        people = {
            "age": rng.integers(3, 9, size) * 10,
            "sex": rng.choice(["f", "m"], size),
            "town": rng.choice(list("abcdefgh"), size),
        }
        smallest.append(anonymity(people, k=5).k)
    two.loglog(sizes, smallest, color=BLUE, marker="o")
    two.axhline(5, color=RED, linestyle="--", linewidth=0.8)
    two.set(title="smallest crowd of one age, sex and town", xlabel="rows")


def leakage(one: Axes, two: Axes) -> None:
    """One column that knows too much, and a split that flatters."""
    from regrove.stats.leakage import single_columns

    rng = np.random.default_rng(10)
    canceled = rng.random(4000) < 0.3
    columns = {"lead time": rng.lognormal(3, 1, 4000) * (1 + canceled), "weekday": rng.integers(0, 7, 4000) * 1.0}
    columns["status"] = canceled + rng.normal(0, 0.05, 4000)
    found = single_columns(canceled, columns)
    one.barh(
        [each.column for each in found],
        [each.value for each in found],
        color=[RED if each.leaks else BLUE for each in found],
    )
    one.axvline(0.98, color="black", linestyle="--", linewidth=0.8)
    one.set(title="what each column knows alone", xlabel="AUC", xlim=(0.4, 1.02))
    day = np.repeat(np.arange(60), 50)
    effect = np.cumsum(rng.normal(0, 0.6, 60))
    truth = rng.random(3000) < special.expit(effect[day])
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.metrics import log_loss

    features = np.c_[day + rng.normal(0, 0.3, 3000), rng.normal(size=3000)]
    scores = []
    for held in (rng.random(3000) < 0.3, day >= 42):
        model = HistGradientBoostingClassifier(random_state=0).fit(features[~held], truth[~held])
        scores.append(log_loss(truth[held], model.predict_proba(features[held])[:, 1], labels=[False, True]))
    two.bar(["rows at random", "later days"], scores, color=[RED, BLUE])
    two.set(title="loss on rows that were held out")


def comparison(one: Axes, two: Axes) -> None:
    """Rows or days."""
    from regrove.stats.comparison import paired_losses

    rng = np.random.default_rng(11)
    widths, cover = {"rows": [], "days": []}, {"rows": 0, "days": 0}
    for trial in range(120):
        day = np.repeat(np.arange(40), 50)
        gain = rng.normal(0, 0.2, 40)[day] + rng.normal(0, 1, 2000)
        loss = rng.random(2000)
        for name, blocks in (("rows", np.arange(2000)), ("days", day)):
            found = paired_losses(loss, {"new": loss - gain}, blocks, draws=300, seed=trial).gain("new")
            widths[name].append((found.interval.low, found.interval.high))
            cover[name] += found.interval.covers(0.0)
    for axes, name, colour in ((one, "rows", RED), (two, "days", BLUE)):
        for place, (low, high) in enumerate(widths[name][:50]):
            axes.plot([low, high], [place, place], color=colour if low <= 0 <= high else "black", linewidth=1)
        axes.axvline(0, color=GREY, linewidth=0.8)
        axes.set(
            title=f"90% intervals drawn by {name}: {cover[name] / 120:.0%} cover", xlabel="gain (truth 0)", yticks=[]
        )


def policy(one: Axes, two: Axes) -> None:
    """What a day costs by how often one retrains."""
    cost, value, rows, slope = 40.0, 0.02, 1000.0, 0.002
    days = np.linspace(2, 120, 200)
    one.plot(days, cost / days, color=GREY, label="training")
    one.plot(days, value * rows * slope * days / 2, color=RED, label="staleness")
    one.plot(days, cost / days + value * rows * slope * days / 2, color=BLUE, label="both")
    best = (2 * cost / (value * rows * slope)) ** 0.5
    one.axvline(best, color="black", linestyle="--", linewidth=0.8)
    one.set(title=f"cost of a day: least at {best:.0f} days", xlabel="days between models", ylim=(0, 6))
    one.legend()
    slopes = np.linspace(0.0004, 0.006, 200)
    two.plot(slopes, (2 * cost / (value * rows * slopes)) ** 0.5, color=BLUE)
    two.set(title="best period", xlabel="loss added a day", ylabel="days")


PICTURES: dict[str, Callable[[Axes, Axes], None]] = {
    each.__name__: each
    for each in (
        summaries, drift, multivariate, multiplicity, sequential, labels, comparison, groups, calibration, robustness,
        privacy, leakage, policy,
    )
}  # fmt: skip


def main() -> None:
    """Draw all."""
    mpl.rcParams.update({
        "svg.hashsalt": "regrove", "svg.fonttype": "none", "font.size": 8, "axes.titlesize": 9, "legend.fontsize": 7,
        "axes.spines.top": False, "axes.spines.right": False, "legend.frameon": False, "font.family": "sans-serif",
    })  # fmt: skip
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, draw in PICTURES.items():
        figure, (one, two) = plt.subplots(1, 2, figsize=(8.4, 3.0), layout="constrained")
        draw(one, two)
        figure.savefig(FOLDER / f"{name}.svg", metadata={"Date": None, "Creator": None})
        plt.close(figure)


if __name__ == "__main__":
    main()
