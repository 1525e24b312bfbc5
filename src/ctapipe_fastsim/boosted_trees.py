"""Boosted trees as plain arrays: fitted by scikit-learn, kept in a model file.

All nodes of all trees stand in one row each, tree after tree, children behind their parents; a
leaf has the feature `LEAF`. They are evaluated in tree_reading.py.
"""

from collections.abc import Sequence

import numpy as np

from .array_types import BoolArray, Columns, FloatArray
from .tree_reading import LEAF, MOST_LEAVES

__all__ = ["check_trees", "fit_trees"]

LEARNING_RATE = 0.08
MOST_TREES = 1500
TREES_AT_ONCE = 50
PATIENCE = 2  # times that more trees did not help
NAMES = {"root", "feature", "threshold", "left", "right", "value", "offset"}


def fit_trees(
    first: Sequence[FloatArray], second: FloatArray, held_out: BoolArray, seed: int
) -> Columns:
    """Fit trees that tell two samples apart, as many as help on what they have not seen.

    Parameters
    ----------
    first : sequence of D (N, F) arrays
        Features, finite, of D draws of the first sample.
    second : (N, F) array
        Rows of one number belong together.
    held_out : (N,) bool array
        Rows that only tell how many trees to keep.
    seed : int

    Returns
    -------
    dict of str to array
        ``root`` (T,), first node of each tree; ``feature``, ``threshold``, ``left``, ``right``
        and ``value`` (K,), of each node; ``offset`` (), as if both samples had N rows.
    """
    # imported here, since generating needs neither
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits

    # no early stopping: its random split would part images of one shower
    trees = HistGradientBoostingClassifier(
        learning_rate=LEARNING_RATE,
        max_leaf_nodes=31,
        min_samples_leaf=100,
        l2_regularization=10,
        early_stopping=False,
        warm_start=True,
        random_state=seed,
    )
    features = np.concatenate([*first, second])
    is_second = np.arange(len(features)) >= len(features) - len(second)
    held_out = np.tile(held_out, len(first) + 1)
    learned, unseen = features[~held_out], features[held_out]
    of_learned, of_unseen = is_second[~held_out], is_second[held_out]

    def loss(probability: FloatArray) -> float:
        of_class = np.where(of_unseen, probability[:, 1], probability[:, 0])
        return -float(np.log(of_class).mean())

    losses: list[float] = []
    with threadpool_limits(1):  # several threads stall each other on a busy machine
        for n_trees in range(TREES_AT_ONCE, MOST_TREES + 1, TREES_AT_ONCE):
            trees.set_params(max_iter=n_trees)
            trees.fit(learned, of_learned)
            losses.append(loss(trees.predict_proba(unseen)))
            if len(losses) - np.argmin(losses) > PATIENCE:
                break
        losses = [loss(stage) for stage in trees.staged_predict_proba(unseen)]
    of_tree = [tree.nodes for (tree,) in trees._predictors[: np.argmin(losses) + 1]]
    root = np.cumsum([0, *(len(n) for n in of_tree[:-1])])
    start = np.repeat(root, [len(n) for n in of_tree])
    nodes = np.concatenate(of_tree)
    is_leaf = nodes["is_leaf"].astype(bool)
    return {
        "root": root.astype(np.int32),
        "feature": np.where(is_leaf, LEAF, nodes["feature_idx"]).astype(np.int16),
        "threshold": np.where(is_leaf, 0, nodes["num_threshold"]),
        "left": np.where(is_leaf, 0, start + nodes["left"]).astype(np.int32),
        "right": np.where(is_leaf, 0, start + nodes["right"]).astype(np.int32),
        "value": np.where(is_leaf, nodes["value"], 0).astype(np.float32),
        "offset": np.array(trees._baseline_prediction.item() + np.log(len(first))),
    }


def check_trees(trees: Columns, n_features: int) -> None:
    """Raise ValueError unless these are trees that read ``n_features`` and come to an end."""
    if trees.keys() != NAMES or np.shape(trees["offset"]):
        raise ValueError("the trees have entries of other names or shapes")
    n_nodes = len(trees["feature"])
    if {np.shape(trees[name]) for name in NAMES - {"root", "offset"}} != {(n_nodes,)}:
        raise ValueError("the trees have entries of different lengths")
    if any(trees[name].dtype.kind != "i" for name in ("root", "feature", "left", "right")):
        raise ValueError("the trees have places that are no integers")
    inner = trees["feature"] != LEAF
    children = np.stack([trees["left"], trees["right"]])[:, inner]
    if (
        np.ndim(trees["root"]) != 1
        or ((trees["feature"] < LEAF) | (trees["feature"] >= n_features)).any()
        or (children <= np.flatnonzero(inner)).any()
        or (children >= n_nodes).any()
    ):
        raise ValueError("the trees point to nodes or features that are not there")
    ends = np.append(trees["root"], n_nodes)
    tree = np.searchsorted(trees["root"], np.arange(n_nodes), side="right")
    if (
        ends[0] != 0
        or (np.diff(ends) <= 0).any()
        or (tree[children] != tree[inner]).any()
        or not np.array_equal(np.sort(np.append(children, trees["root"])), np.arange(n_nodes))
        or (np.add.reduceat(~inner, trees["root"]) > MOST_LEAVES).any()
    ):
        raise ValueError("the trees share nodes, or are larger than they may be")
