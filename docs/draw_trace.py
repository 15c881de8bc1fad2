"""Draws docs/images/trace.svg: the way back from the demo's first prediction. Run ``make demo`` first, then this.

.demo/venv/bin/python docs/draw_trace.py
"""

from __future__ import annotations

import io
import re
from pathlib import Path

from rich.console import Console
from rich.text import Text

import regrove
from regrove.cli.trace import lines
from regrove.workspace.trace import trace

ROOT = Path(__file__).resolve().parent.parent
WIDTH = 112
STEPS = ("history", "joined", "features", "classifier")


def main() -> None:
    """Trace, draw, write."""
    with regrove.open(ROOT / ".demo" / "flights") as ws:
        first = ws.deployments.predictions("late-arrival").head(1).collect().row(0, named=True)
        ref = f"prediction:{first['request_id']}.{first['row']}"
        found = trace(ws, ref)
    steps = [step for step in found.steps if step.what != "step" or step.ref.endswith(STEPS)]
    console = Console(record=True, width=WIDTH, file=io.StringIO())
    console.print(Text.assemble(("$ ", "dim"), (f"regrove trace {ref}", "bold")))
    for line in lines(steps):
        line.truncate(WIDTH, overflow="ellipsis")
        console.print(line, no_wrap=True)
    svg = console.export_svg(title="the way back from one answer")
    svg = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)  # the fonts would be fetched from elsewhere
    (ROOT / "docs" / "images" / "trace.svg").write_text(svg)


if __name__ == "__main__":
    main()
