"""The command line: ``regrove <noun> <verb>``.

Every command says what it did, what it found and the next command; every list has ``--json``; every error ends with
its mend. Exit codes are those of `regrove.cli.edge.EXIT_CODES`.
"""

from __future__ import annotations

__all__ = ["main"]


def main() -> None:
    """Run the command line and exit."""
    from regrove.cli.edge import run

    run()
