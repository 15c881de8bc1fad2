"""A tree is trusted because it was looked at."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

from regrove.registry.formats import BrokenModelFile
from regrove.registry.formats.skops import FORMAT
from regrove.registry.formats.trees import check_estimator
from tests.registry import samples


def boosted() -> tuple[Any, Any]:
    model = copy.deepcopy(samples.fitted())
    return model, model[-1]._predictors[3][0]


class TestCheckEstimator:
    @pytest.mark.parametrize("kind", ["boosting", "forest", "gradient", "regression", "multiclass"])
    def test_fitted_models_pass(self, kind: str) -> None:
        """What scikit-learn fits is inside its arrays."""
        check_estimator(samples.fitted(kind), source="it")

    @pytest.mark.parametrize(
        ("field", "value", "reason"),
        [
            ("left", 1 << 20, "does not exist"),
            ("right", 0, "leads back"),
            ("feature_idx", 99, "feature"),
            ("feature_idx", -1, "feature"),
        ],
    )
    def test_a_boosted_tree_that_leads_out_is_refused(self, field: str, value: int, reason: str) -> None:
        """Children, features: any index out of range."""
        model, predictor = boosted()
        predictor.nodes = predictor.nodes.copy()
        predictor.nodes[field][0] = value
        with pytest.raises(BrokenModelFile, match=reason):
            check_estimator(model, source="it")

    def test_a_set_of_categories_that_does_not_exist_is_refused(self) -> None:
        """The bitsets are indexed too."""
        model, predictor = boosted()
        predictor.nodes = predictor.nodes.copy()
        predictor.nodes["is_categorical"][0] = 1
        predictor.nodes["bitset_idx"][0] = 1000
        with pytest.raises(BrokenModelFile, match="categories"):
            check_estimator(model, source="it")

    def test_a_tree_without_an_owner_is_refused(self) -> None:
        """Nothing says how many features it may ask for."""
        _, predictor = boosted()
        with pytest.raises(BrokenModelFile, match="outside an estimator"):
            check_estimator([{"x": np.array([predictor], dtype=object)}], source="it")

    def test_an_ensemble_that_looks_at_fewer_features_than_its_trees_is_refused(self) -> None:
        """The forest checks the width of a request, its trees do not."""
        model = copy.deepcopy(samples.fitted("forest"))
        model[-1].n_features_in_ = 2
        with pytest.raises(BrokenModelFile, match="another number of features"):
            check_estimator(model, source="it")
        alone = copy.deepcopy(samples.fitted("forest")[-1].estimators_[0])
        alone.n_features_in_ = 2
        with pytest.raises(BrokenModelFile, match="another number of features"):
            check_estimator(alone, source="it")

    def test_a_crafted_file_is_refused_when_it_is_loaded(self, tmp_path: Any) -> None:
        """The check stands on the way of every load."""
        from sklearn.tree import DecisionTreeClassifier

        tree = DecisionTreeClassifier(max_depth=2).fit([[0.0], [1.0], [2.0]], [0, 1, 0])
        state = tree.tree_.__getstate__()
        state["nodes"] = state["nodes"].copy()
        state["nodes"]["left_child"][0] = 1 << 30
        tree.tree_.__setstate__(state)
        with pytest.raises(BrokenModelFile, match="child"):
            FORMAT.dump(tree, tmp_path / "tree.skops")
