"""`regrove report`: the life of a model on one page that opens without a server."""

from __future__ import annotations

from regrove.cli.report.command import register

__all__ = ["register"]
