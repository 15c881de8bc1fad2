"""What the crash tests do in a process of its own; imports little, so that it can be forked."""

from __future__ import annotations

from typing import Any


def apply_twice(folder: str) -> dict[str, Any]:
    """Open the workspace, apply, change the file, apply again; going on from wherever the last process was killed."""
    from pathlib import Path

    from regrove.workspace import open as open_workspace

    root = Path(folder)
    file = root / "regrove.toml"
    with open_workspace(root, actor="person:test") as ws:
        if len(ws.projects.revisions()) < 2:
            ws.projects.apply()
            file.write_text(file.read_text().replace("regularisation = 1.0", "regularisation = 0.5"))
            ws.projects.apply()
        ws.ledger.anchor()
        revisions = ws.projects.revisions()
        return {
            "ordinals": [each.ordinal for each in revisions],
            "digests": [each.digest for each in revisions],
            "events": [entry.type for entry in ws.ledger.read()],
            "whole": all(ws.vault.has(digest) for digest in ws.projects.live_digests()),
            "in_force": ws.projects.applied.model("returns").params["regularisation"],
            "verified": ws.ledger.verify().ok,
        }
