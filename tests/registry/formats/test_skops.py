"""One estimator has one file; a file is audited before it is loaded, and nothing else is loaded at all."""

from __future__ import annotations

import io
import json
import os
import pickle
import subprocess
import sys
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from regrove.digest import of_file
from regrove.errors import NotFound
from regrove.registry.formats import BrokenModelFile, ModelFormat, UnfitEstimator, UntrustedTypes
from regrove.registry.formats.archive import SCHEMA, pack, unpack
from regrove.registry.formats.skops import FORMAT
from tests.registry import samples

ROOT = Path(__file__).resolve().parents[3]


def shout(values: Any) -> Any:
    """A function of a stranger, for a transformer."""
    print("I ran")
    return values


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a boosted model."""
    path = tmp_path_factory.mktemp("file") / "model.skops"
    FORMAT.dump(samples.fitted(), path)
    return path


def members(path: Path) -> dict[str, bytes]:
    return unpack(path.read_bytes(), source="it")


def altered(tmp_path: Path, parts: dict[str, bytes]) -> Path:
    path = tmp_path / "altered.skops"
    path.write_bytes(pack(parts))
    return path


class TestDump:
    def test_two_processes_in_two_folders_write_the_same_bytes(self, tmp_path: Path) -> None:
        """Addresses, hash order, times, folders and the number of cores leave no trace in the digest of a model."""
        kinds = ["boosting", "logistic", "forest"]
        there = tmp_path / "elsewhere"
        there.mkdir()
        environment = {**os.environ, "PYTHONHASHSEED": "7", "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "3"}
        command = [sys.executable, "-m", "tests.registry.dumping", str(there), *kinds]
        done = subprocess.run(command, cwd=there, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        for kind in kinds:
            FORMAT.dump(samples.fitted(kind), tmp_path / f"{kind}.skops")
        here = [of_file(tmp_path / f"{kind}.skops") for kind in kinds]
        assert here == done.stdout.split()

    def test_a_copy_through_pickle_has_the_same_bytes(self, tmp_path: Path, file: Path) -> None:
        """An estimator that came back from a worker process is the same estimator."""
        FORMAT.dump(pickle.loads(pickle.dumps(samples.fitted())), tmp_path / "copy.skops")
        assert (tmp_path / "copy.skops").read_bytes() == file.read_bytes()

    def test_another_model_has_other_bytes(self, tmp_path: Path, file: Path) -> None:
        """The canonical form loses nothing that matters."""
        FORMAT.dump(samples.fitted("boosting", 4), tmp_path / "other.skops")
        assert (tmp_path / "other.skops").read_bytes() != file.read_bytes()

    def test_sets_and_sparse_arrays_have_one_form(self, tmp_path: Path) -> None:
        """Elements of sets are sorted, whatever the hashes; a sparse matrix carries no compression."""
        import scipy.sparse
        from sklearn.linear_model import SGDClassifier

        written = set()
        for order in (("a", "b", "c", "d"), ("d", "c", "b", "a")):
            model = SGDClassifier(max_iter=5, tol=None, random_state=0).fit([[0.0], [1.0]], [0, 1]).sparsify()
            model.seen = {*order, 1, 2}
            model.frozen = frozenset(order)
            model.matrix = scipy.sparse.csr_matrix(np.eye(3))
            FORMAT.dump(model, tmp_path / "model.skops")
            written.add((tmp_path / "model.skops").read_bytes())
        assert len(written) == 1
        back = FORMAT.load(tmp_path / "model.skops", trusted=("builtins.frozenset", "scipy.sparse._csr.csr_matrix"))
        assert (back.seen, back.frozen, back.matrix.sum()) == ({*"abcd", 1, 2}, frozenset("abcd"), 3.0)

    def test_what_would_not_come_back_is_refused(self, tmp_path: Path) -> None:
        """False as a key comes back as True: better no file than another model."""
        from sklearn.linear_model import LogisticRegression

        model = LogisticRegression().fit([[0.0], [1.0]], [False, True])
        model.names = {False: "on time"}
        with pytest.raises(UnfitEstimator, match="does not come back"):
            FORMAT.dump(model, tmp_path / "model.skops")
        model.names = open(os.devnull)  # noqa: SIM115
        with pytest.raises(UnfitEstimator, match="LogisticRegression"):
            FORMAT.dump(model, tmp_path / "model.skops")
        model.names.close()
        assert list(tmp_path.iterdir()) == []

    def test_it_is_a_format_for_estimators(self) -> None:
        """The seam is kept, and a frame is no estimator."""
        assert isinstance(FORMAT, ModelFormat)
        assert FORMAT.accepts(samples.fitted())
        assert not FORMAT.accepts({"a": 1})


class TestLoad:
    @pytest.mark.parametrize("kind", ["boosting", "logistic", "forest", "gradient", "regression", "multiclass"])
    def test_what_comes_back_predicts_the_same(self, tmp_path: Path, kind: str) -> None:
        """Bit for bit."""
        model = samples.fitted(kind)
        FORMAT.dump(model, tmp_path / "model.skops")
        assert FORMAT.audit(tmp_path / "model.skops").unknown == ()
        frame, _ = samples.training_rows(100)
        np.testing.assert_array_equal(FORMAT.load(tmp_path / "model.skops").predict(frame), model.predict(frame))

    def test_common_helpers_need_no_trust(self, tmp_path: Path) -> None:
        """Imputers, calibration around trees, and small networks load as they are; the trees inside are checked."""
        from sklearn.calibration import CalibratedClassifierCV
        from sklearn.impute import SimpleImputer
        from sklearn.neural_network import MLPClassifier
        from sklearn.pipeline import make_pipeline
        from sklearn.tree import DecisionTreeClassifier

        numbers, target = np.arange(40.0).reshape(20, 2), [0, 1] * 10
        for model in (
            make_pipeline(SimpleImputer(), CalibratedClassifierCV(DecisionTreeClassifier(max_depth=2), cv=2)),
            MLPClassifier((2,), max_iter=1, tol=1e9, n_iter_no_change=1, random_state=0, batch_size=20),
        ):
            with warnings.catch_warnings(action="ignore"):
                model.fit(numbers, target)
            FORMAT.dump(model, tmp_path / "model.skops")
            loaded = FORMAT.load(tmp_path / "model.skops")
            np.testing.assert_array_equal(loaded.predict_proba(numbers), model.predict_proba(numbers))

    def test_the_audit_lists_every_type(self, file: Path) -> None:
        """Known or not, a reader sees what the file would bring."""
        types = FORMAT.audit(file).types
        assert "sklearn.pipeline.Pipeline" in types
        assert "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor" in types

    def test_unknown_types_are_refused_by_name_until_they_are_trusted(self, tmp_path: Path) -> None:
        """The error holds the line that mends it, and nothing was run."""
        from sklearn.preprocessing import FunctionTransformer

        path = tmp_path / "model.skops"
        FORMAT.dump(FunctionTransformer(shout), path)
        name = f"{shout.__module__}.shout"
        assert FORMAT.audit(path).unknown == (name,)
        with pytest.raises(UntrustedTypes) as caught:
            FORMAT.load(path)
        assert f'trusted_types = ["{name}"]' in str(caught.value)
        assert FORMAT.load(path, trusted=(name,)).func is shout

    def test_a_missing_file_is_not_found(self, tmp_path: Path) -> None:
        """A clear error, not an OSError."""
        with pytest.raises(NotFound):
            FORMAT.audit(tmp_path / "none.skops")


class TestRefused:
    def test_a_pickle_is_never_loaded(self, tmp_path: Path) -> None:
        """Not even looked into."""
        path = tmp_path / "model.skops"
        path.write_bytes(pickle.dumps(samples.fitted("logistic")))
        for act in (FORMAT.audit, FORMAT.load):
            with pytest.raises(BrokenModelFile, match="a pickle"):
                act(path)

    def test_other_bytes_are_refused(self, tmp_path: Path, file: Path) -> None:
        """Empty, text, torn: each one clear error."""
        whole = file.read_bytes()
        for data in (b"", b"hello", whole[: len(whole) // 2], whole[:-30], b"PK\x03\x04" + bytes(100)):
            path = tmp_path / "model.skops"
            path.write_bytes(data)
            with pytest.raises(BrokenModelFile):
                FORMAT.load(path)

    def test_a_flipped_byte_anywhere_is_refused_or_changes_nothing(self, tmp_path: Path, file: Path) -> None:
        """Checksums, names by content and the one form leave no place for a changed bit that counts."""
        whole, path = file.read_bytes(), tmp_path / "model.skops"
        random = np.random.default_rng(1)
        for place in random.integers(0, len(whole), 40):
            data = bytearray(whole)
            data[place] ^= 1 << int(random.integers(0, 8))
            path.write_bytes(data)
            try:
                read = unpack(bytes(data), source="it")
            except BrokenModelFile:
                continue
            assert read == unpack(whole, source="it")  # a bit of the archive's own clockwork, such as a time

    def test_a_compressed_member_is_refused_unread(self, tmp_path: Path) -> None:
        """A bomb of zeros is small on disk only while nobody reads it."""
        path = tmp_path / "bomb.skops"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(SCHEMA, b"{}")
            archive.writestr("a.bin", bytes(50 << 20))
        assert path.stat().st_size < 100_000
        with pytest.raises(BrokenModelFile, match="compressed"):
            FORMAT.load(path)

    def test_members_that_share_their_bytes_are_refused(self, tmp_path: Path) -> None:
        """The other kind of bomb: many names for one stretch of the file."""
        from regrove.registry.formats import archive as archives

        entry = zipfile.ZipInfo("a.bin")
        entry.file_size = entry.compress_size = 600
        other = zipfile.ZipInfo("b.bin")
        other.file_size = other.compress_size = 600
        with pytest.raises(BrokenModelFile, match="overlap"):
            archives._check([entry, other], 1000, "it")

    @pytest.mark.parametrize("name", ["../../evil.npy", "/etc/evil.npy", "a/b.npy", "evil.py", "a\\b.npy"])
    def test_a_name_that_leads_elsewhere_is_refused(self, tmp_path: Path, file: Path, name: str) -> None:
        """Nothing is ever written, and such a file is not read either."""
        with pytest.raises(BrokenModelFile, match="leads elsewhere|damaged"):
            FORMAT.load(altered(tmp_path, {**members(file), name: b"x"}))

    def test_two_members_of_one_name_are_refused(self, tmp_path: Path, file: Path) -> None:
        """Which of the two is audited and which is loaded must not be a question."""
        path = tmp_path / "twice.skops"
        with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(path, "w") as archive:
            for name, data in [*members(file).items(), (SCHEMA, b"{}")]:
                archive.writestr(name, data)
        with pytest.raises(BrokenModelFile, match="twice"):
            FORMAT.load(path)

    def test_another_form_of_the_same_model_is_refused(self, tmp_path: Path, file: Path) -> None:
        """What plain skops writes, a member nobody names, a schema written otherwise."""
        import skops.io

        skops.io.dump(samples.fitted("logistic"), tmp_path / "plain.skops")
        parts = members(file)
        other = {**parts, SCHEMA: json.dumps(json.loads(parts[SCHEMA]), indent=1).encode()}
        for path in (
            tmp_path / "plain.skops",
            altered(tmp_path, {**parts, "more.bin": b"x"}),
        ):
            with pytest.raises(BrokenModelFile, match="not in the form"):
                FORMAT.load(path)
        with pytest.raises(BrokenModelFile, match="not in the form"):
            FORMAT.load(altered(tmp_path, other))

    @pytest.mark.parametrize(
        "schema",
        [
            b"[]",
            b"{",
            b"{}",
            b"[" * 100_000,
            b'{"__loader__":"ObjectNode"}',
            b'{"__class__":"Nothing","__module__":"os","__loader__":"WhatNode","protocol":2}',
            b'{"__class__":"str","__module__":"builtins","__loader__":"JsonNode","content":"1","protocol":99}',
            b'{"__class__":"bytes","__module__":"builtins","__loader__":"BytesNode","file":"no.bin","protocol":2}',
            b'{"__class__":"bytes","__module__":"builtins","__loader__":"BytesNode","file":["x"],"protocol":2}',
        ],
    )
    def test_a_schema_that_describes_nothing_is_refused(self, tmp_path: Path, schema: bytes) -> None:
        """No KeyError, no RecursionError."""
        with pytest.raises(BrokenModelFile):
            FORMAT.load(altered(tmp_path, {SCHEMA: schema}))

    def test_an_array_that_claims_more_than_it_holds_is_refused(self, tmp_path: Path) -> None:
        """A header of a petabyte allocates nothing."""
        stream = io.BytesIO()
        np.lib.format.write_array_header_1_0(stream, {"descr": "<f8", "fortran_order": False, "shape": (1 << 47,)})
        node = {"__class__": "ndarray", "__module__": "numpy", "__loader__": "NdArrayNode", "type": "numpy"}
        schema = json.dumps({**node, "file": "a.npy", "protocol": 2}).encode()
        with pytest.raises(BrokenModelFile, match="disagree"):
            FORMAT.load(altered(tmp_path, {SCHEMA: schema, "a.npy": stream.getvalue() + bytes(64)}))

    def test_one_number_for_two_objects_is_refused(self, tmp_path: Path, file: Path) -> None:
        """A reader would take the first for both, so what is checked and what is built could differ."""
        parts = members(file)
        one = '{"__class__":"list","__module__":"builtins","__loader__":"ListNode","content":[%s],"__id__":1}'
        atom = '{"__class__":"str","__module__":"builtins","__loader__":"JsonNode","content":"1","is_json":true}'
        inner = ",".join([one % "", one % atom])
        outer = '{"__class__":"list","__module__":"builtins","__loader__":"ListNode","content":[%s],"protocol":2}'
        parts = {SCHEMA: (outer % inner).encode()}
        with pytest.raises(BrokenModelFile, match="two different objects"):
            FORMAT.load(altered(tmp_path, parts))
