"""Fits and writes estimators in a process of its own: python -m tests.registry.dumping FOLDER KIND..."""

from __future__ import annotations

import sys

from regrove.digest import of_file
from regrove.registry.formats.skops import FORMAT
from tests.registry import samples

if __name__ == "__main__":
    folder, *kinds = sys.argv[1:]
    for kind in kinds:
        FORMAT.dump(samples.fitted(kind), f"{folder}/{kind}.skops")
        print(of_file(f"{folder}/{kind}.skops"))
