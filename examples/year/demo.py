"""Lets one real model live through one real year, by commands that a user has.

``make demo`` runs this in a fresh folder. A server answers, a worker watches, and every flight of March to December
2013 is asked about in the order of its departure; its outcome is told days later. What happens then is decided by the
data and by what ``regrove.toml`` declares. ``--quick`` ends after a few weeks.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.text import Text

HERE = Path(__file__).resolve().parent
BIN = Path(sys.executable).parent
MODEL = "late-arrival"
BEGIN = "2013-03-01T05:00:00Z"
MONTHS = ["2013-04", "2013-05", "2013-06", "2013-07", "2013-08", "2013-09", "2013-10", "2013-11", "2013-12", "2014-01"]
SABOTAGED_AFTER = "2013-08"
REPLAY = [
    "--ahead",
    "--label",
    "late",
    "--label-at",
    "known_at",
    "--untidy",
    "0.02",
    "--singles",
    "36",
    "--batch",
    "100",
    "--seed",
    "2013",
]
REJECTED = 4
"""The exit code of a gate that says so."""
OVER = ("completed", "aborted", "held")
console = Console(highlight=False)


def main() -> None:
    """Tell the story, a chapter at a time; the first thing that is not as told stops it."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="end after a few weeks")
    options.add_argument("--folder", type=Path, default=Path(".demo") / "year", help="where to play")
    chosen = options.parse_args()
    began = time.monotonic()
    folder = fresh(chosen.folder)
    first_day(folder)
    server, worker = Process(folder, "serve", MODEL, "--port", "0"), Process(folder, "worker")
    try:
        server.wait_for(f"deployment:{MODEL} listens on")
        if chosen.quick:
            live(folder, "2013-03-08T05:00:00Z")
            sabotage(folder, undisturbed(folder, datetime.fromisoformat("2013-03-08T05:00:00+00:00")))
        else:
            for month in MONTHS:
                live(folder, f"{month}-01T05:00:00Z")
                if month == SABOTAGED_AFTER:
                    sabotage(folder, undisturbed(folder, datetime.fromisoformat(f"{month}-01T05:00:00+00:00")))
    finally:
        worker.stop()
        server.stop()
    verdicts(folder)
    the_end(folder)
    took = f"[bold green]The whole year in {time.monotonic() - began:.0f} s.[/]"
    console.print(f"\n{took} The page is {folder / 'report.html'}; look around with\n", soft_wrap=True)
    path = os.path.relpath(BIN, folder)
    console.print(
        f"  cd {folder} && PATH={path}:$PATH && regrove loop list && regrove monitors show {MODEL}", soft_wrap=True
    )


def fresh(folder: Path) -> Path:
    """An empty project folder with the example's declaration and functions, whose clock is turned by hand."""
    folder = folder.resolve()
    if folder.exists():
        shutil.rmtree(folder)
    (folder / ".regrove").mkdir(parents=True)
    for name in ("regrove.toml", "pipeline.py", "prepare.py", "compare.py"):
        shutil.copy(HERE / name, folder)
    (folder / ".regrove" / "settings.toml").write_text('clock = "replay"\n')
    return folder


def first_day(folder: Path) -> None:
    """Chapter 1: what is known on the first of March makes the first version."""
    chapter(1, "On the first of March a model is trained on January and February, and goes live")
    run(folder, sys.executable, "prepare.py", shown="python prepare.py")
    run(folder, "regrove", "clock", "--turn-to", BEGIN)
    run(folder, "regrove", "run", MODEL)
    run(folder, "regrove", "models", "promote", f"{MODEL}@1", "--reason", "the first version, by hand")
    run(folder, "regrove", "datasets", "register", "year")
    chapter(
        2, "It lives: every flight is asked about as it departs, its outcome told days later, some twice, some astray"
    )


def live(folder: Path, until: str) -> None:
    """Chapter 2: until ``until``, and what happened meanwhile."""
    line = f"regrove replay year --until {until} --ahead ..."
    run(folder, "regrove", "replay", "year", "--until", until, *REPLAY, shown=line)
    happened(folder)


def happened(folder: Path) -> None:
    """What loops ended since the last look, in their own words."""
    told = json.loads(ask(folder, "loop", "list", "--json"))
    seen = _SEEN.setdefault(folder, set())
    for each in sorted(told, key=lambda loop: loop["started_at"]):
        if each["id"] in seen or each["ended_at"] is None or each["state"] == "skipped":
            continue
        seen.add(each["id"])
        say(f"  {each['started_at'][:10]}  {each['playbook']}: {each['outcome']}. {each['reason']}")


_SEEN: dict[Path, set[str]] = {}


def undisturbed(folder: Path, at: datetime) -> datetime:
    """The first day from ``at`` on which no rollout goes on: there is one at a time."""
    while any(each["state"] not in OVER for each in json.loads(ask(folder, "rollouts", "list", "--json"))):
        at += timedelta(days=1)
        live(folder, iso(at))
    return at


def iso(at: datetime) -> str:
    """An instant as commands take it."""
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def sabotage(folder: Path, since: datetime) -> None:
    """Chapter 3: a revision that is slow and fails, made for this purpose, and let through by a person's word."""
    chapter(3, "A sabotaged revision, labelled as such: slow, and failing one request in five")
    source = folder / "pipeline.py"
    text = source.read_text()
    source.write_text(sabotaged(text, iso(since)))
    run(folder, "regrove", "run", MODEL)
    source.write_text(text)
    reason = "SABOTAGE, made for the demo: no gate would pass it"
    run(folder, "regrove", "rollouts", "start", MODEL, newest(folder), "--reason", reason)
    live(folder, iso(since + timedelta(days=3)))
    undisturbed(folder, since + timedelta(days=3))
    run(folder, "regrove", "rollouts", "list")
    ended = json.loads(ask(folder, "rollouts", "list", "--json"))[0]
    if ended["state"] != "aborted":
        raise SystemExit(f"The demo stops: the sabotaged revision is {ended['state']}, and was to be aborted.")
    run(folder, "regrove", "apply")
    say("The rollback was its own. What is in force is the good code again.")
    chapter(2, "It lives on")


def newest(folder: Path) -> str:
    """The version that was registered last."""
    return f"{MODEL}@{json.loads(ask(folder, 'models', 'show', MODEL, '--json'))['version']['ordinal']}"


def sabotaged(text: str, since: str) -> str:
    """The pipeline with a features function that begins to be slow, and to fail, on flights after ``since``."""
    good = '    local = pl.col("scheduled_departure").dt.convert_time_zone("America/New_York")\n'
    bad = (
        f'    since = datetime.fromisoformat("{since}")  # SABOTAGE: what was trained on lies before\n'
        '    if (last := joined.select(pl.col("scheduled_departure").max()).collect().item()) >= since:\n'
        "        time.sleep(0.03)\n"
        "        if last.minute % 5 == 0 and last.minute % 2:\n"
        '            raise RuntimeError("SABOTAGE")\n'
    )
    imports = "import time\nfrom datetime import datetime\n\nimport polars as pl\n"
    return text.replace("import polars as pl\n", imports, 1).replace(good, bad + good, 1)


def verdicts(folder: Path) -> None:
    """Chapter 4: a verdict that the data did not bring about is shown with a challenger made for it."""
    chapter(4, "What the gates said of the models that the loop has made")
    said = [each["verdict"] for each in json.loads(ask(folder, "gate", "list", "--limit", "1000", "--json"))]
    counts = {verdict: said.count(verdict) for verdict in ("PROMOTE", "HOLD", "REJECT")}
    say("They said " + ", ".join(f"{verdict} {count} times" for verdict, count in counts.items()) + ".")
    if not counts["REJECT"]:
        say("None was rejected on its own merit. Here is one MADE FOR THE PURPOSE, of a single tree:")
        run(folder, "regrove", "run", MODEL, "--param", "max_iter=1")
        run(folder, "regrove", "gate", "run", newest(folder), expect=REJECTED)


def the_end(folder: Path) -> None:
    """Chapter 5: the whole life on one page, one way back, and the proof."""
    chapter(5, "The end of the year: what it was worth, why, and the proof")
    run(folder, "regrove", "report", MODEL)
    run(folder, sys.executable, "compare.py", shown="python compare.py")
    sample = ask(folder, "loop", "list", "--json")
    finished = [each for each in json.loads(sample) if each["state"] == "finished"]
    if finished:
        run(folder, "regrove", "loop", "show", f"loop:{finished[0]['id']}")
    run(folder, "regrove", "trace", f"model:{MODEL}@champion")
    run(folder, "regrove", "audit", "verify")


class Process:
    """A command that runs beside the others until it is stopped."""

    def __init__(self, folder: Path, *command: str) -> None:
        console.print(f"[dim]$[/] [bold]regrove {' '.join(command)} &[/]")
        self._log = folder / f"{command[0]}.log"
        handle = self._log.open("ab")
        self._process = subprocess.Popen(
            [BIN / "regrove", *command], cwd=folder, stdout=handle, stderr=handle, start_new_session=True
        )
        self._name = command[0]

    def wait_for(self, words: str) -> None:
        """Until it has said ``words``."""
        for _ in range(600):
            if self._process.poll() is not None:
                break
            if words in self._log.read_text():
                return
            time.sleep(0.05)
        raise SystemExit(f"regrove {self._name} did not come up:\n{self._log.read_text()}")

    def stop(self) -> None:
        """End it in good order."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        if self._process.wait(60) != 0:
            raise SystemExit(f"regrove {self._name} did not end in good order:\n{self._log.read_text()[-4000:]}")


def chapter(number: int, title: str) -> None:
    """A heading."""
    console.print(f"\n[bold cyan]{number}. {title}[/]", soft_wrap=True)


def say(sentence: str) -> None:
    """One plain sentence."""
    console.print(Text(sentence, style="cyan"), soft_wrap=True)


def ask(folder: Path, *command: str) -> str:
    """What a command prints, for this program to read."""
    return subprocess.run([BIN / "regrove", *command], cwd=folder, check=True, capture_output=True, text=True).stdout


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
