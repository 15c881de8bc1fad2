"""Whether a version could be served, asked of another process."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from typing import Any

import pytest

from regrove import digest
from regrove.errors import Corrupt, NotFound, Unavailable
from regrove.execution import InlineExecutor, ProcessPool, Task
from regrove.registry import BrokenServingCode, UntrustedTypes, WrongSignature
from regrove.registry.check import CHECK, check, pack
from regrove.registry.service import _manifest
from tests.registry import samples


def ask(executor: Any, vault: Any, manifest: Any) -> bytes:
    return executor.submit(Task(id="check", function=CHECK, payload=pack(manifest, vault))).result()


@pytest.fixture(params=["inline", "processes"])
def executor(request: pytest.FixtureRequest) -> Any:
    """Each way to run a task."""
    made = InlineExecutor() if request.param == "inline" else ProcessPool(1)
    yield made
    made.close()


class TestCheck:
    """As `Models.register` would do it, elsewhere."""

    def test_what_can_be_served_passes_and_is_registered(self, executor: Any, vault: Any, written: Any, models: Any):
        """The version is the one that is made without asking anybody."""
        spec = samples.spec(vault, written)
        assert ask(executor, vault, _manifest(spec)) == b""
        version = models.register(spec, check=partial(ask, executor, vault))
        assert models.register(spec).ref == version.ref

    def test_what_cannot_is_refused_by_its_own_error_and_not_recorded(
        self, executor: Any, vault: Any, written: Any, models: Any, tmp_path: Any
    ):
        """A forbidden type, code that cannot be imported, features that are not the model's."""
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import FunctionTransformer

        from regrove.registry.formats.skops import FORMAT

        FORMAT.dump(
            make_pipeline(FunctionTransformer(samples.training_rows), samples.fitted()), tmp_path / "forbidden.skops"
        )
        forbidden = samples.spec(vault, written, model=vault.add_file(tmp_path / "forbidden.skops"))
        broken = samples.spec(vault, written, package={**samples.PACKAGE, "pipeline.py": "import nowhere_at_all"})
        unfit = samples.spec(vault, written, features=samples.FEATURES.select(["origin", "carrier", "hour"]))
        cases = [
            (forbidden, UntrustedTypes, "trusted_types"),
            (broken, BrokenServingCode, "nowhere_at_all"),
            (unfit, WrongSignature, "features"),
        ]
        for spec, kind, words in cases:
            with pytest.raises(kind, match=words):
                models.register(spec, check=partial(ask, executor, vault))
        assert models.list() == []

    def test_an_object_that_is_not_there_is_not_found(self, vault: Any, written: Any):
        """Nobody is asked."""
        with pytest.raises(NotFound):
            pack(_manifest(samples.spec(vault, written, model=digest.of_bytes(b"nothing"))), vault)

    def test_a_file_that_changed_after_it_was_found(self, vault: Any, written: Any):
        """Its bytes are not loaded."""
        manifest = _manifest(samples.spec(vault, written))
        payload = pack(manifest, vault)
        path = vault.fetch(manifest.model)
        path.chmod(0o600)
        path.write_bytes(b"another model")
        with pytest.raises(Corrupt, match="a moment ago"):
            check(payload)

    def test_code_that_ends_its_process_ends_only_that(self, vault: Any, written: Any, models: Any):
        """The one who registers is told."""
        deadly = samples.spec(vault, written, package={**samples.PACKAGE, "pipeline.py": "import os; os._exit(3)"})
        with ProcessPool(1) as pool, pytest.raises(Unavailable, match="died"):
            models.register(deadly, check=partial(ask, pool, vault))
        assert models.list() == []


def test_who_asks_imports_nothing_of_the_models():
    """A run that is registered by another process's word starts without scikit-learn, and knows every refusal."""
    code = """
import sys, regrove.workspace.publish
homes = {f"regrove.registry.{each}" for each in ("formats.seam", "answer", "code")}
sys.exit(bool({"sklearn", "skops"} & set(sys.modules)) or not homes <= set(sys.modules))
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
