"""Trees whose indices stay inside: the check that makes tree models loadable.

scikit-learn walks the nodes of a fitted tree without looking whether an index is in range, so a crafted file could
make a prediction read foreign memory. skops therefore trusts no tree. Here a tree is trusted when it has been looked
at: every child exists and lies after its parent (so a walk ends), every feature is one that the estimator checks for,
every set of categories exists.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Final

from regrove.registry.formats.canonical import Node, nodes, npy_header
from regrove.registry.formats.seam import BrokenModelFile

__all__ = ["CHECKED", "check_estimator", "check_members"]

_TREE: Final = "sklearn.tree._tree.Tree"
_PREDICTOR: Final = "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor"

CHECKED: Final = (_PREDICTOR, _TREE)
"""The types that are trusted because `check_members` and `check_estimator` look into them."""


def check_members(schema: Node, members: Mapping[str, bytes], *, source: str) -> None:
    """Before anything is built: the constructor of a tree reads as many class counts as it is told to."""
    for node in nodes(schema):
        if f"{node['__module__']}.{node['__class__']}" != _TREE or node["__loader__"] != "TreeNode":
            continue
        features, classes, outputs = node["__reduce__"]["args"]["content"]
        shape = npy_header(members[classes["file"]], source=source)[1]
        if features["__loader__"] != "JsonNode" or shape != (int(outputs["content"]),):
            raise _broken(source, "a tree whose number of outputs and class counts disagree")


def check_estimator(model: Any, *, source: str) -> None:
    """After it is built and before it is used: every tree that ``model`` reaches stays inside its arrays."""
    from sklearn.ensemble._forest import BaseForest
    from sklearn.ensemble._gb import BaseGradientBoosting
    from sklearn.ensemble._hist_gradient_boosting.gradient_boosting import BaseHistGradientBoosting
    from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor
    from sklearn.tree import BaseDecisionTree
    from sklearn.tree._tree import Tree

    owned: set[int] = set()
    met: list[Any] = []
    for value in _reached(model):
        if isinstance(value, (Tree, TreePredictor)):
            met.append(value)
        elif isinstance(value, BaseHistGradientBoosting) and hasattr(value, "_predictors"):
            owned |= {id(each) for each in _check_boosting(value, source)}
        elif isinstance(value, BaseDecisionTree) and hasattr(value, "tree_"):
            _check_tree(value, source)
            owned.add(id(value.tree_))
        elif isinstance(value, (BaseForest, BaseGradientBoosting)) and hasattr(value, "estimators_"):
            _check_ensemble(value, source)
    if any(id(value) not in owned for value in met):
        raise _broken(source, "a tree outside an estimator, so nothing says how many features it may ask for")


def _broken(source: str, what: str) -> BrokenModelFile:
    return BrokenModelFile(f"{source} holds {what}", mend="register the model again from its estimator")


def _reached(model: Any) -> Iterator[Any]:
    import numpy as np

    seen: dict[int, Any] = {}
    stack = [model]
    while stack:
        value = stack.pop()
        if id(value) in seen or isinstance(value, (str, bytes, int, float, type, type(None))):
            continue
        seen[id(value)] = value  # held, so that no address is used twice
        yield value
        if isinstance(value, np.ndarray):
            stack.extend(value.ravel().tolist() if value.dtype.hasobject else ())
        elif isinstance(value, dict):
            stack.extend(value.values())
        elif isinstance(value, (list, tuple, set, frozenset)):
            stack.extend(value)
        elif hasattr(value, "__self__"):
            stack.append(value.__self__)
        elif isinstance(value, partial):
            stack.extend((value.func, value.args, value.keywords))
        if hasattr(value, "__dict__"):
            stack.extend(vars(value).values())


def _check_tree(estimator: Any, source: str) -> None:
    tree, features = estimator.tree_, estimator.n_features_in_
    if tree.n_features != features:
        raise _broken(source, "a tree over another number of features than its estimator")
    parents = _walkable(tree.children_left, tree.children_right, tree.children_left == -1, source)
    asked = tree.feature[parents]
    if ((asked < 0) | (asked >= features)).any():
        raise _broken(source, "a tree that asks for a feature that does not exist")


def _check_ensemble(estimator: Any, source: str) -> None:
    import numpy as np

    for tree in np.asarray(estimator.estimators_, dtype=object).ravel():
        if tree.n_features_in_ != estimator.n_features_in_:
            raise _broken(source, "an ensemble whose trees look at another number of features than it does")


def _check_boosting(estimator: Any, source: str) -> list[Any]:
    predictors = [each for group in vars(estimator)["_predictors"] for each in group]
    encoded = getattr(estimator, "_preprocessor", None)
    features = getattr(encoded, "n_features_in_", estimator.n_features_in_)
    if features != estimator.n_features_in_:
        raise _broken(source, "a preprocessor over another number of features than its estimator")
    for predictor in predictors:
        table = predictor.nodes
        inner = _walkable(table["left"], table["right"], table["is_leaf"] != 0, source)
        asked, sets = table["feature_idx"][inner], table["bitset_idx"][inner][table["is_categorical"][inner] != 0]
        if ((asked < 0) | (asked >= features)).any():
            raise _broken(source, "a tree that asks for a feature that does not exist")
        for bits in (predictor.raw_left_cat_bitsets, predictor.binned_left_cat_bitsets):
            if bits.shape[1:] != (8,) or (sets >= len(bits)).any():
                raise _broken(source, "a tree that asks for a set of categories that does not exist")
    return predictors


def _walkable(left: Any, right: Any, leaf: Any, source: str) -> Any:
    """Which nodes are no leaves, after checking that each of their children exists and lies after its parent."""
    import numpy as np

    count = len(left)
    places = np.flatnonzero(~leaf)
    children = np.stack([left[places], right[places]]).astype(np.int64)
    if not count or (children <= places).any() or (children >= count).any():
        raise _broken(source, "a tree with a child that does not exist or leads back")
    return places
