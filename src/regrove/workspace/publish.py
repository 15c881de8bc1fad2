"""From what a run trained to what the registry keeps: neither room knows the other."""

from __future__ import annotations
