"""Boosted trees evaluated for many images at once, without a jump from node to node.

Every node that a row fails, by going right, rules out the leaves on its left; the first leaf that
no node has ruled out is the row's (QuickScorer, Lucchese et al. 2015, SIGIR, 73). All nodes
are compared, but with one feature of many rows at a time, as processors like it.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from .array_types import Columns, FloatArray, IntArray

__all__ = ["MOST_LEAVES", "ReadyTrees", "log_odds", "ready_trees"]

LEAF = -1
MOST_LEAVES = 32  # bits of a mask
# place of the only bit of a number, by its remainder: powers of 2 have all different ones
BIT_OF_REMAINDER = np.zeros(37, dtype=np.int64)
BIT_OF_REMAINDER[2 ** np.arange(MOST_LEAVES) % 37] = np.arange(MOST_LEAVES)


class ReadyTrees(NamedTuple):
    """T trees with K inner nodes in all.

    Attributes
    ----------
    first : (T + 1,) int array
        Inner nodes of tree t are those from ``first[t]`` to ``first[t + 1]``.
    feature : (K,) int array
    threshold : (K,) float32 array
    right : (K,) int32 array
        Leaves of the tree, one bit each, that are left when a feature is above its threshold.
    value : (T, `MOST_LEAVES`) array
        Of the leaves from left to right.
    offset : float
    """

    first: IntArray
    feature: IntArray
    threshold: FloatArray
    right: IntArray
    value: FloatArray
    offset: float


def ready_trees(trees: Columns) -> ReadyTrees:
    """`ReadyTrees` of the arrays of `boosted_trees.fit_trees`, which have passed `check_trees`."""
    nodes = (trees[name] for name in ("root", "feature", "left", "right", "value"))
    mask, value = _masks(*nodes)
    inner = trees["feature"] != LEAF
    return ReadyTrees(
        np.append(0, np.cumsum(inner))[np.append(trees["root"], len(inner))],
        trees["feature"][inner].astype(np.int64),
        trees["threshold"][inner].astype(np.float32),
        mask[inner],
        value,
        float(trees["offset"]),
    )


def log_odds(ready: ReadyTrees, features: FloatArray) -> FloatArray:
    """Logarithm of how much likelier the second sample is, (N,), for features (N, F)."""
    columns = np.ascontiguousarray(np.asarray(features).T, dtype=np.float32)
    return ready.offset + _sum_of_leaves(columns, ready)


@njit(cache=True)
def _masks(
    root: IntArray, feature: IntArray, left: IntArray, right: IntArray, value: FloatArray
) -> tuple[IntArray, FloatArray]:
    """Leaves that a node leaves over on its right, (K,); value of each leaf of each tree."""
    n_nodes = len(feature)
    n_leaves, first_leaf = np.ones(n_nodes, np.int64), np.zeros(n_nodes, np.int64)
    for node in range(n_nodes - 1, -1, -1):  # children stand behind their parents
        if feature[node] != LEAF:
            n_leaves[node] = n_leaves[left[node]] + n_leaves[right[node]]
    masks, values = np.empty(n_nodes, np.int32), np.zeros((len(root), MOST_LEAVES))
    tree = -1
    for node in range(n_nodes):
        if tree + 1 < len(root) and node == root[tree + 1]:
            tree += 1
        first = first_leaf[node]
        if feature[node] == LEAF:
            values[tree, first] = value[node]
        else:
            first_leaf[left[node]] = first
            first_leaf[right[node]] = first + n_leaves[left[node]]
            on_the_left = ((1 << n_leaves[left[node]]) - 1) << first
            masks[node] = np.int32(~on_the_left)
    return masks, values


@njit(cache=True, nogil=True)
def _sum_of_leaves(columns: FloatArray, ready: ReadyTrees) -> FloatArray:
    n = columns.shape[1]
    total, left_over = np.zeros(n), np.empty(n, np.int32)
    for tree in range(len(ready.value)):
        left_over[:] = -1
        for node in range(ready.first[tree], ready.first[tree + 1]):
            column, threshold = columns[ready.feature[node]], ready.threshold[node]
            right = ready.right[node]
            for row in range(n):
                left_over[row] &= right if column[row] > threshold else np.int32(-1)
        for row in range(n):
            leaf = np.int64(left_over[row] & -left_over[row]) & 0xFFFFFFFF
            total[row] += ready.value[tree, BIT_OF_REMAINDER[leaf % 37]]
    return total
