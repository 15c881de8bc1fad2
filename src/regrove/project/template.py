"""Making a new project from a template.

A template is a project that runs: its files are those of a folder under ``templates``, and its data are made on the
spot by a seeded generator, so that nothing is fetched.
"""

from __future__ import annotations

import csv
import io
import math
import random
import string
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, get_args

from regrove.errors import Conflict, InvalidInput, nearest, of_system
from regrove.refs import check_name
from regrove.settings import FOLDER, ClockKind

__all__ = ["TEMPLATES", "create"]

TEMPLATES: Final = ("tabular",)
"""What `create` can make."""


def create(folder: Path, name: str, *, template: str = "tabular", clock: str = "system") -> list[str]:
    """Write a new project called ``name`` into ``folder``; the paths written, relative to it.

    ``clock`` says where domain time comes from: ``system``, or ``replay`` for a project that is to live through the
    past. Raises InvalidInput for an unknown template or clock or a name that cannot name a project, and Conflict,
    before anything is written, when a file is there already. When a file cannot be written, as on a full disk, those
    before it are removed again, and the error says why (`regrove.errors.of_system`).
    """
    check_name(name, what="project")
    for what, given, known in (("template", template, TEMPLATES), ("clock", clock, get_args(ClockKind))):
        if given not in known:
            raise InvalidInput(
                f"There is no such {what}",
                expected=f"one of {', '.join(known)}",
                received=repr(given),
                mend=nearest(given, known),
            )
    files = _files(template, name)
    if clock != "system":
        files[f"{FOLDER}/settings.toml"] = f'clock = "{clock}"\n'
    try:
        for path in files:
            if (folder / path).exists():
                raise Conflict(
                    f"{folder / path} is there already",
                    expected="a folder without it",
                    mend="choose another name, or remove the file",
                )
        _write(folder, files)
    except OSError as error:
        raise of_system(error, f"The project cannot be written into {folder}") from error
    return sorted(files)


def _write(folder: Path, files: Mapping[str, str]) -> None:
    """Write all of the files, which are new, or none of them."""
    written: list[Path] = []
    try:
        for path, text in files.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            written.append(target)
            target.write_text(text, encoding="utf-8")
    except BaseException:  # Ctrl-C too: all of them or none
        for target in written:
            target.unlink(missing_ok=True)
        raise


def _files(template: str, name: str) -> dict[str, str]:
    source = Path(__file__).parent / "templates" / template
    files = {path.name: path.read_text(encoding="utf-8") for path in source.iterdir() if path.is_file()}
    files["regrove.toml"] = string.Template(files["regrove.toml"]).substitute(name=name)
    files[".gitignore"] = ".regrove/\n"
    rows, sample = _DATA[template]()
    return files | {"data/orders.csv": rows, "sample.json": sample}


_COUNTRIES: Final = {"AT": 0.1, "CH": -0.1, "DE": 0.4, "FR": 0.0, "NL": 0.2}
_CHANNELS: Final = {"app": 0.3, "shop": -0.9, "web": 0.1}


def _orders() -> tuple[str, str]:
    """4,000 orders of 100 days, and a request with two of them."""
    draw = random.Random(20_130_101)  # noqa: S311  # made-up shops need no secrets
    start = datetime(2025, 1, 1, tzinfo=UTC)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["order_id", "placed_at", "country", "channel", "items", "value", "first_order", "returned"])
    for number in range(4_000):
        placed = start + timedelta(minutes=number * 36 + draw.randrange(36))
        country, channel = draw.choice(sorted(_COUNTRIES)), draw.choice(sorted(_CHANNELS))
        items = min(12, 1 + int(draw.expovariate(0.6)))
        value = round(items * draw.lognormvariate(3.2, 0.5), 2)
        first = draw.random() < 0.35
        score = -1.6 + _COUNTRIES[country] + _CHANNELS[channel] + 0.25 * items + 0.5 * first + 0.004 * value
        returned = draw.random() < 1 / (1 + math.exp(-score))
        writer.writerow(
            [
                f"o{number:05}",
                placed.isoformat().replace("+00:00", "Z"),
                country,
                channel,
                items,
                value,
                str(first).lower(),
                str(returned).lower(),
            ]
        )
    sample = """{"rows": [
  {"order_id": "o04000", "placed_at": "2025-04-12T18:30:00Z", "country": "DE", "channel": "app", "items": 3, "value": 74.9, "first_order": true},
  {"order_id": "o04001", "placed_at": "2025-04-12T09:05:00Z", "country": "CH", "channel": "shop", "items": 1, "value": 19.5, "first_order": false}
]}
"""  # noqa: E501  # a row of JSON a line reads best
    return text.getvalue(), sample


_DATA: Final[dict[str, Callable[[], tuple[str, str]]]] = {"tabular": _orders}
