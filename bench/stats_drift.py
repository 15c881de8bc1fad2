"""Summaries and drift verdicts against their budgets, and beside Evidently and NannyML in one run.

Two Parquet files of 1,000,000 rows and 40 numeric columns in 60 and 7 days. Each tool runs in a process of its own,
with its own environment, from reading the files to a verdict for each column; memory is the peak of that process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bench import peers

if TYPE_CHECKING:
    from regrove.stats.summaries import NumericLayout, NumericSummary

ROWS, COLUMNS, DAYS, WEEK = 1_000_000, 40, 60, 7
TOGETHER = 5
"""Columns that are read at a time."""

EVIDENTLY = """
import pandas as pd
from evidently import Report
from evidently.presets import DataDriftPreset
left, right = pd.read_parquet("reference.parquet"), pd.read_parquet("window.parquet")
left, right = left.drop(columns="day"), right.drop(columns="day")
Report([DataDriftPreset()]).run(right, left)
"""
NANNYML = """
import nannyml as nml, pandas as pd
left, right = pd.read_parquet("reference.parquet"), pd.read_parquet("window.parquet")
names = [name for name in left.columns if name != "day"]
calculator = nml.UnivariateDriftCalculator(
    column_names=names, continuous_methods=["jensen_shannon"], chunk_number=10)
calculator.fit(left)
calculator.calculate(right)
"""
OURS = """
from bench.stats_drift import verdicts
verdicts(stored={stored})
"""


def main() -> None:
    """Print the figures."""
    null()
    ring()
    small_blocks()
    with tempfile.TemporaryDirectory(prefix="bench-drift-") as folder:
        write(Path(folder))
        building(Path(folder))
        against(Path(folder))


def null() -> None:
    """The permutation null and a verdict from stored counts, 40 columns, one thread."""
    from regrove.stats.drift import ColumnCounts, block_null, compare, decide, select_blocks, strata_numbers

    rng = np.random.default_rng(0)
    blocks = [rng.multinomial(500, np.full(64, 1 / 64), size=187) for _ in range(COLUMNS)]
    began = time.perf_counter()
    selections = select_blocks(*strata_numbers(None, None, 180, 7), 1999, rng)
    for each in blocks:
        block_null(each[:180], each[180:], selections, ordered=64)
    print(
        f"block null, 40 columns, 187 blocks, 64 cells, 1,999 draws {time.perf_counter() - began:7.2f} s (budget 0.6)"
    )
    columns = [
        ColumnCounts(name=str(place), reference=each[:180], window=each[180:], ordered=64)
        for place, each in enumerate(blocks)
    ]
    began = time.perf_counter()
    for test in compare(columns).columns:
        decide(test)
    print(f"verdicts with effects from stored counts, 40 columns      {time.perf_counter() - began:7.2f} s (budget 1)")


def ring() -> None:
    """Appending a row to what waits for its summary."""
    from regrove.stats.summaries import Ring

    waiting, row = Ring[tuple[float, ...]](10_000), (1.0,) * COLUMNS
    began = time.perf_counter()
    for _ in range(1_000_000):
        waiting.append(row)
    print(f"ring append                                               {time.perf_counter() - began:7.2f} us (budget 1)")


def small_blocks() -> None:
    """Blocks of 1,000 rows, as a server hands them over, one thread."""
    from regrove.stats.summaries import edges_of, summarise

    rng = np.random.default_rng(1)
    reference = rng.normal(size=20_000)
    layouts = {f"c{place}": edges_of(reference) for place in range(COLUMNS)}
    block = {name: rng.normal(size=1000) for name in layouts}
    began = time.perf_counter()
    for _ in range(50):
        summarise(block, layouts)
    took = (time.perf_counter() - began) / 50_000 * 1e6
    print(f"summaries in blocks of 1,000 rows, 40 columns, a row      {took:7.2f} us (budget 4)")


def write(folder: Path) -> None:
    """The two files."""
    import polars as pl

    rng = np.random.default_rng(2)
    for name, days in (("reference", DAYS), ("window", WEEK)):
        data = {f"c{place}": rng.normal(size=ROWS) for place in range(COLUMNS)}
        frame = pl.DataFrame({"day": np.arange(ROWS) * days // ROWS, **data})
        frame.write_parquet(folder / f"{name}.parquet", row_group_size=125_000)


def building(folder: Path) -> None:
    """Summaries of a file, beside searchsorted and bincount written by hand, two threads each."""
    import polars as pl

    from regrove.stats.summaries import edges_of, summarise

    sample = np.random.default_rng(3).normal(size=20_000)
    layouts = {f"c{place}": edges_of(sample) for place in range(COLUMNS)}
    edges = layouts["c0"].edges

    def by_hand(column: pl.Series) -> np.ndarray:
        return np.bincount(np.searchsorted(edges, column.to_numpy(), side="right"), minlength=len(edges) + 1)

    took = {}
    for name in ("hand", "ours", "hand", "ours"):
        began = time.perf_counter()
        frame = pl.read_parquet(folder / "reference.parquet")
        if name == "ours":
            summarise(frame, layouts, threads=2)
        else:
            with ThreadPoolExecutor(2) as pool:
                list(pool.map(by_hand, [frame[each] for each in layouts]))
        took[name] = time.perf_counter() - began
    ratio = took["ours"] / took["hand"]
    print(f"summaries of 1M x 40 from Parquet, two threads            {took['ours']:7.2f} s (budget 2 x)")
    print(f"searchsorted and bincount by hand, two threads            {took['hand']:7.2f} s: {ratio:.2f} x")


def verdicts(*, stored: bool) -> None:
    """From the files, or from a stored reference and the window's file, to verdicts; a few columns at a time."""
    from regrove.stats.drift import column_counts, compare, decide

    names = [f"c{place}" for place in range(COLUMNS)]
    with ThreadPoolExecutor(1) as pool:
        if stored and Path("stored.json").exists():
            kept = json.loads(Path("stored.json").read_text())
            references = {name: restored(kept[name]) for name in names}
        else:
            references = counted(pool, "reference", dict.fromkeys(names))
            if stored:
                each = {name: stored_of(*made) for name, made in references.items()}
                Path("stored.json").write_text(json.dumps(each))
                return
        windows = counted(pool, "window", {name: layout for name, (layout, _) in references.items()})
        columns = [column_counts(name, references[name][1], windows[name][1]) for name in names]
    for test in compare(columns).columns:
        decide(test)


def days_of(file: str) -> list[tuple[int, int]]:
    """First row of each day and of the next."""
    import polars as pl

    day = pl.read_parquet(f"{file}.parquet", columns=["day"])["day"].to_numpy()
    starts = np.flatnonzero(np.diff(day, prepend=day[0] - 1)).tolist()
    return list(zip(starts, [*starts[1:], len(day)], strict=True))


def counted(
    pool: ThreadPoolExecutor, file: str, layouts: dict[str, NumericLayout | None]
) -> dict[str, tuple[NumericLayout, list[NumericSummary]]]:
    """The summaries of each day of each column, on the layouts given or the column's own; the next columns are read
    meanwhile."""
    import polars as pl

    from regrove.stats.summaries import count_numbers, edges_of

    def read(group: list[str]) -> pl.DataFrame:
        return pl.read_parquet(f"{file}.parquet", columns=group).rechunk()

    days, names, made = days_of(file), list(layouts), {}
    coming = pool.submit(read, names[:TOGETHER])
    for start in range(0, len(names), TOGETHER):
        frame, coming = coming.result(), pool.submit(read, names[start + TOGETHER : start + 2 * TOGETHER])
        for name in frame.columns:
            values = frame[name].to_numpy()
            layout = layouts[name] or edges_of(values)
            made[name] = layout, [count_numbers(values[start:end], layout) for start, end in days]
    return made


def stored_of(layout: NumericLayout, blocks: list[NumericSummary]) -> list[str]:
    """As a monitor keeps them."""
    from regrove.stats.summaries import layout_to_bytes, summary_to_bytes

    return [layout_to_bytes(layout).hex(), *(summary_to_bytes(each).hex() for each in blocks)]


def restored(kept: list[str]) -> tuple[NumericLayout, list[NumericSummary]]:
    """The way back."""
    from regrove.stats.summaries import layout_from_bytes, summary_from_bytes

    layout = layout_from_bytes(bytes.fromhex(kept[0]))
    return layout, [summary_from_bytes(bytes.fromhex(each), layout) for each in kept[1:]]


def against(folder: Path) -> None:
    """Everybody on the same files. Budgets of ratios: from two files, and with the reference's summaries stored."""
    root = str(Path(__file__).parents[1])
    ours = timed(Path(sys.executable), OURS.format(stored=False), folder, {"PYTHONPATH": root})
    timed(Path(sys.executable), OURS.format(stored=True), folder, {"PYTHONPATH": root})
    stored = timed(Path(sys.executable), OURS.format(stored=True), folder, {"PYTHONPATH": root})
    line("Regrove, two files to verdicts", ours, "(budget 1,024 MiB)")
    line("Regrove, stored reference and a file", stored, "(budget 1,024 MiB)")
    for name, code, wanted, from_stored in (("Evidently", EVIDENTLY, 40, 60), ("NannyML", NANNYML, 5, None)):
        try:
            theirs = timed(peers.python(name.lower()), code, folder, {})
        except peers.PeerMissing as missing:
            print(f"{name} IS MISSING, and nothing is compared with it: {missing}")
            continue
        line(f"{name}, two files to a report", theirs)
        for start, figure, budget in (("two files", ours, wanted), ("a stored reference", stored, from_stored)):
            ratio = f"    {theirs[0] / figure[0]:.1f} x the time of Regrove from {start}"
            print(f"{ratio} (budget {budget} x)" if budget else ratio)


def line(what: str, figures: tuple[float, float], remark: str = "") -> None:
    """A figure's line."""
    print(f"{what:57} {figures[0]:7.2f} s {figures[1]:7.0f} MiB {remark}".rstrip(), flush=True)


# The kernel's own mark: what getrusage says of a child begins with the peak of the parent that forked it.
PEAK = """print('PEAK', next(each.split()[1] for each in open('/proc/self/status') if each.startswith('VmHWM')))"""


def timed(interpreter: Path, code: str, folder: Path, more: dict[str, str]) -> tuple[float, float]:
    """Seconds of a process and its peak memory in MiB; PeerMissing when it fails."""
    program = f"{textwrap.dedent(code)}\n{PEAK}"
    began = time.perf_counter()
    done = subprocess.run(
        [interpreter, "-c", program],
        cwd=folder,
        env={**os.environ, **more},
        capture_output=True,
        text=True,
        check=False,
    )
    took = time.perf_counter() - began
    if done.returncode:
        said = (done.stderr.strip() or "nothing was said").splitlines()[-1]
        raise peers.PeerMissing(f"it ended with exit code {done.returncode}: {said}")
    return took, int(done.stdout.rpartition("PEAK ")[2]) / 1024


if __name__ == "__main__":
    main()
