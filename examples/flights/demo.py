"""Carries one real model from raw flights to a served, traceable, verified prediction.

``make demo`` runs this in a fresh folder. Everything happens through the commands and the API that a user has; each
command is printed before it runs, so that it can be repeated by hand. ``--quick`` sends fewer requests.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from march import March, Outcome
from rich.console import Console
from rich.text import Text

from regrove.serving.status import running

HERE = Path(__file__).resolve().parent
BIN = Path(sys.executable).parent
MODEL = "late-arrival"
console = Console(highlight=False)


def main() -> None:
    """Tell the story, a chapter at a time; the first thing that is not as told stops it."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="fewer requests")
    options.add_argument("--folder", type=Path, default=Path(".demo") / "flights", help="where to play")
    chosen = options.parse_args()
    began = time.monotonic()
    folder = fresh(chosen.folder)
    data(folder)
    pipeline(folder)
    model(folder)
    sample = serving(folder, flights=600 if chosen.quick else 3_000)
    proof(folder, sample)
    took = f"[bold green]The whole way in {time.monotonic() - began:.0f} s.[/]"
    console.print(f"\n{took} It stands in {folder}: look around with\n", soft_wrap=True)
    console.print(
        f"  cd {folder} && PATH={os.path.relpath(BIN, folder)}:$PATH && regrove runs list && regrove audit log",
        soft_wrap=True,
    )


def fresh(folder: Path) -> Path:
    """An empty project folder with the example's declaration and functions."""
    folder = folder.resolve()
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    for name in ("regrove.toml", "pipeline.py", "prepare.py"):
        shutil.copy(HERE / name, folder)
    return folder


def data(folder: Path) -> None:
    """Chapter 1: raw flights become dataset versions; a broken file is refused."""
    chapter(1, "Raw data become dataset versions, checked against what is expected of them")
    run(folder, sys.executable, "prepare.py", shown="python prepare.py")
    run(folder, "regrove", "apply")
    run(folder, "regrove", "datasets", "register", "flights", "weather")
    say("A file with one broken row arrives: a flight from an airport that New York does not have.")
    broken = folder / "data" / "flights" / "2014-01.parquet"
    write_broken(folder / "data" / "flights" / "2013-01.parquet", broken)
    run(folder, "regrove", "datasets", "register", "flights", expect=4)
    broken.unlink()
    say("It was refused by name and nothing was recorded. The file is taken away again.")


def pipeline(folder: Path) -> None:
    """Chapter 2: plain functions are planned, run, cached, and explained."""
    chapter(2, "Plain functions are planned, run and recorded")
    run(folder, "regrove", "plan")
    run(folder, "regrove", "run", MODEL)
    say("Run again: nothing changed, so every step is a hit, verified by digest.")
    run(folder, "regrove", "run", MODEL)
    say("One helper is edited: the schedule is now read to the hour only.")
    source = folder / "pipeline.py"
    text = source.read_text()
    source.write_text(text.replace('("America/New_York")', '("America/New_York").dt.truncate("1h")'))
    run(folder, "regrove", "plan")
    run(folder, "regrove", "run", MODEL)
    run(folder, "regrove", "why", MODEL, "features")
    say("The edit is taken back: the first results are still there, verified, and nothing runs.")
    source.write_text(text)
    run(folder, "regrove", "run", MODEL)


def model(folder: Path) -> None:
    """Chapter 3: the model version and the decision by hand."""
    chapter(3, "The classifier is a model version; a decision by hand makes it champion")
    run(folder, "regrove", "models", "list")
    run(folder, "regrove", "models", "show", f"{MODEL}@1")
    run(
        folder,
        "regrove",
        "models",
        "promote",
        f"{MODEL}@1",
        "--reason",
        "the schedule to the minute, as airlines print it",
    )
    run(folder, "regrove", "models", "live", MODEL)


def serving(folder: Path, *, flights: int) -> str:
    """Chapter 4: predictions over HTTP, labels, SIGKILL in the middle; the id of a prediction made before it."""
    chapter(4, f"{flights:,} flights of March are predicted over HTTP, and the server is killed in the middle")
    march = March(folder, flights)
    server = Server(folder)
    before = march.predict(server.url, share=0.5, console=console)
    march.label(server.url, before)
    say(f"SIGKILL to process {server.process.pid}, with no warning, while it answers.")
    torn = march.predict_until_killed(server.url, server.kill)
    server = Server(folder)
    say(f"It is up again. {torn.unanswered} requests had no answer; the client sends them again under the same ids.")
    after = march.predict(server.url, share=1.0, console=console)
    march.label(server.url, torn, after, again=before)
    server.stop()
    run(folder, "regrove", "deployments", "compact", MODEL)
    run(folder, "regrove", "deployments", "show", MODEL)
    check_log(folder, march, before, torn, after)
    return before.ids[0]


def proof(folder: Path, sample: str) -> None:
    """Chapter 5: the way back from one answer, and the proof that the record was not touched."""
    chapter(5, "From one answer back to the bytes it came from")
    run(folder, "regrove", "trace", f"prediction:{sample}")
    run(folder, "regrove", "audit", "verify")
    say("Now one byte of the ledger is flipped, in a copy.")
    copy = folder.parent / "tampered"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("data"))
    position = flip(copy / ".regrove" / "regrove.db")
    run(copy, "regrove", "audit", "verify", expect=6, shown=f"regrove -C ../{copy.name} audit verify")
    shutil.rmtree(copy)
    say(f"The flipped byte was in event {position}, and that is the place it names.")


class Server:
    """``regrove serve`` in its own process, on a free port."""

    def __init__(self, folder: Path) -> None:
        command = ["serve", MODEL, "--port", "0"]
        console.print(f"[dim]$[/] [bold]regrove {' '.join(command)} &[/]")
        self._log = (folder / "serve.log").open("ab")
        self.process = subprocess.Popen(
            [BIN / "regrove", *command], cwd=folder, stdout=self._log, stderr=self._log, start_new_session=True
        )
        self.url = self._wait(folder)
        say(f"It answers on {self.url}")

    def _wait(self, folder: Path) -> str:
        for _ in range(600):
            if self.process.poll() is not None:
                raise SystemExit((folder / "serve.log").read_text())
            for each in running(folder / ".regrove" / "serving", MODEL):
                if each.pid == self.process.pid and _ready(each.url):
                    return each.url
            time.sleep(0.05)
        raise SystemExit("The server did not come up within 30 s:\n" + (folder / "serve.log").read_text())

    def kill(self) -> None:
        """End it at once, as a lost machine would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """End it in good order: what is under way is answered first."""
        self.process.send_signal(signal.SIGTERM)
        if self.process.wait(30) != 0:
            raise SystemExit("The server did not stop in good order")


def _ready(url: str) -> bool:
    """Whether a model is loaded and answers."""
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


def check_log(folder: Path, march: March, *outcomes: Outcome) -> None:
    """Every acknowledged prediction and label is in the log, once."""
    import polars as pl

    import regrove

    with regrove.open(folder) as ws:
        logged = ws.deployments.predictions(MODEL).collect()
    named = logged.select(id=pl.format("{}.{}", "request_id", "row"), known=pl.col("label").is_not_null())
    ids = named["id"].to_list()
    acknowledged = [each for outcome in outcomes for each in outcome.ids]
    missing = set(acknowledged) - set(ids)
    labelled = set(named.filter("known")["id"])
    unlabelled = march.acknowledged_labels - labelled
    if missing or unlabelled or len(ids) != len(set(ids)):
        raise SystemExit(
            f"LOST: {len(missing)} predictions and {len(unlabelled)} labels; {len(ids) - len(set(ids))} twice"
        )
    say(
        f"{len(acknowledged):,} predictions and {len(march.acknowledged_labels):,} labels were acknowledged; "
        "each of them is in the log, once. Nothing acknowledged is missing."
    )


def write_broken(good: Path, broken: Path) -> None:
    """A copy of ten rows in which one is broken."""
    import polars as pl

    rows = pl.read_parquet(good).head(10)
    place = pl.when(pl.int_range(pl.len()) == 6).then(pl.lit("ORD")).otherwise(pl.col("origin"))
    rows.with_columns(place.alias("origin"), pl.col("flight_id") + "-2014").write_parquet(broken)


def flip(database: Path) -> int:
    """Flip the lowest bit of one byte in the middle event of a ledger; its position."""
    with sqlite3.connect(database) as connection:
        (position,) = connection.execute("SELECT MAX(position) / 2 FROM ledger_events").fetchone()
        (header,) = connection.execute("SELECT header FROM ledger_events WHERE position = ?", (position,)).fetchone()
        middle = len(header) // 2
        changed = header[:middle] + bytes([header[middle] ^ 1]) + header[middle + 1 :]
        connection.execute("UPDATE ledger_events SET header = ? WHERE position = ?", (changed, position))
    connection.close()
    return int(position)


def chapter(number: int, title: str) -> None:
    """A heading."""
    console.print(f"\n[bold cyan]{number}. {title}[/]", soft_wrap=True)


def say(sentence: str) -> None:
    """One plain sentence."""
    console.print(Text(sentence, style="cyan"), soft_wrap=True)


def run(folder: Path, *command: str, expect: int = 0, shown: str = "") -> None:
    """Run a command as a user would, and stop the demo when it does not end as told."""
    line = shown or " ".join(shlex.quote(each) for each in command)
    console.print(Text.assemble(("$ ", "dim"), (line, "bold")), soft_wrap=True)
    program = [str(BIN / "regrove"), *command[1:]] if command[0] == "regrove" else list(command)
    ended = subprocess.run(program, cwd=folder, check=False).returncode
    if ended != expect:
        raise SystemExit(f"The demo stops: exit code {ended} where {expect} was expected.")


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    main()
