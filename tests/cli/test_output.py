"""Output that outlives its reader."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Ask
from tests.journeys.shell import Shell


class TestReaders:
    """A reader that leaves early, as ``| head`` does."""

    @pytest.mark.parametrize(
        "command", ["audit log", "audit log --json", "runs list", "--help", "trace model:returns@1"]
    )
    def test_is_no_error(self, shop: Path, command: str) -> None:
        """Nothing is said, and the code is that of success."""
        with Shell(shop) as shell:
            told = shell.run(f"regrove {command} | head -c 1; exit ${{PIPESTATUS[0]}}")
        assert len(told) == 1

    def test_a_run_goes_on_without_it(self, shop: Path) -> None:
        """It is finished and recorded, although nobody saw its lines."""
        with Shell(shop) as shell:
            shell.run("regrove run --param regularisation=0.5 | true; exit ${PIPESTATUS[0]}")
            runs = json.loads(shell.run("regrove runs list --json"))
            assert [run["status"] for run in runs] == ["finished", "finished"]
            assert "returns@2" in shell.run("regrove models list")

    def test_an_error_keeps_its_code(self, shop: Path) -> None:
        """Also when both streams lead to the reader that left."""
        with Shell(shop) as shell:
            shell.run("regrove models show nope 2>&1 | true; exit ${PIPESTATUS[0]}", expect=3)


class TestStreams:
    """What standard output is turned into."""

    def test_a_stream_that_somebody_put_in_between_is_left_alone(self, ask: Ask) -> None:
        """As notebooks and test runners do."""
        before = sys.stdout, sys.stderr
        ask("--version")
        assert (sys.stdout, sys.stderr) == before

    def test_what_is_written_arrives_whole_and_in_order(self) -> None:
        """Through text, bytes and the descriptor alike, in the encoding that was asked for."""
        code = (
            "import sys; from regrove.cli.output import outlive_readers\n"
            "print('before', end=' '); outlive_readers()\n"
            "print('zwölf', end=' ', flush=True); sys.stdout.buffer.write(b'bytes '); sys.stdout.buffer.flush()\n"
            "print('x' * 200_000, end=''); print(' error', file=sys.stderr)\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            check=True,
            env=os.environ | {"PYTHONIOENCODING": "latin-1"},
        )
        assert done.stdout.decode("latin-1") == "before zwölf bytes " + "x" * 200_000
        assert done.stderr == b" error\n"

    def test_what_cannot_be_written_is_told_once(self, tmp_path: Path) -> None:
        """Then the rest goes nowhere, so that the error itself is no second one; the file size limit is the disk."""
        code = (
            "import resource; from regrove.cli.output import outlive_readers\n"
            "outlive_readers(); resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))\n"
            "import sys\n"
            "try:\n"
            "    print('x' * 100, flush=True); print('y' * 100, flush=True)\n"
            "except OSError as error:\n"
            "    print('z' * 100, flush=True); print(error.filename, file=sys.stderr)\n"
        )
        with open(tmp_path / "out", "wb") as file:
            done = subprocess.run([sys.executable, "-c", code], stdout=file, stderr=subprocess.PIPE, check=True)
        assert done.stderr == b"standard output\n"
        assert (tmp_path / "out").read_bytes() == b"x" * 10
