"""What a mixture of experts needs: the largest weights, and rows put back where they were."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from paramctl.engine.operation import Example, Form, Operation, define
from paramctl.engine.promotion import dtype_name, promote
from paramctl.engine.shapes import Size, axis_of, show
from paramctl.expression.errors import LanguageError


@define("keep_top")
class KeepTop(Operation):
    """x where it is among the ``count`` largest along ``axis``, 0 elsewhere; first of equals."""

    reads = True

    def shape(self, x: Any, *, count: int, axis: int = -1) -> Form:
        size = x.shape[axis_of(axis, x.ndim)]
        if not isinstance(count, int) or count < 1 or (isinstance(size, int) and count > size):
            raise LanguageError(f"can't keep the top {count} of {show(x.shape)} along axis {axis}")
        return Form(x.shape, dtype_name(x))

    def value(self, xp: Any, x: Any, *, count: int, axis: int) -> Any:
        order = xp.argsort(-x, axis=axis, kind="stable")
        rank = xp.argsort(order, axis=axis, kind="stable")
        kept = rank < count
        return xp.where(kept, x, xp.zeros_like(x)), kept

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        return xp.where(saved, dy, xp.zeros_like(dy))

    def examples(self) -> Any:
        return (
            Example(((3, 5),), {"count": 2}),
            Example(((4, 2),), {"count": 1, "axis": 0}),
        )


@define("sum_rows")
class SumRows(Operation):
    """``y[rows[k]] += parts[k]``: rows of several tensors added where they belong.

    Shapes:
        parts ``(n_k, *features)``, rows ``n_k`` numbers below ``count`` each
        → y ``(count, *features)``
    """

    def shape(self, *parts: Any, rows: Sequence[Any], count: Size) -> Form:
        if not parts or len(parts) != len(rows):
            raise LanguageError("sum_rows needs as many lists of rows as tensors")
        features = parts[0].shape[1:]
        return Form((count, *features), promote(dtype_name(part) for part in parts))

    def value(self, xp: Any, *parts: Any, rows: Sequence[Any], count: int) -> Any:
        y = xp.zeros((count, *parts[0].shape[1:]), dtype=parts[0].dtype)
        for part, places in zip(parts, rows, strict=True):
            xp.add.at(y, xp.asarray(places), part)
        return y, rows

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        return tuple(xp.take(dy, xp.asarray(places), axis=0) for places in saved)

    def examples(self) -> Any:
        return (Example(((2, 3), (1, 3)), {"rows": ([0, 2], [2]), "count": 4}),)


@define("relative_buckets")
class RelativeBuckets(Operation):
    """The bucket of ``key - query`` for each pair: near ones exactly, far ones by logarithm.

    Shapes:
        → y ``(queries, keys)``, int64 below ``buckets``
    Source: Raffel et al. 2019, arXiv:1910.10683, sec. 2.1; transformers, ``T5Attention``.
    """

    reads = True

    def shape(
        self,
        *,
        queries: Size,
        keys: Size,
        buckets: int = 32,
        max_distance: int = 128,
        bidirectional: bool = True,
    ) -> Form:
        if buckets < (4 if bidirectional else 2):
            raise LanguageError(f"{buckets} buckets are too few")
        return Form((queries, keys), "int64")

    def value(
        self,
        xp: Any,
        *,
        queries: int,
        keys: int,
        buckets: int,
        max_distance: int,
        bidirectional: bool,
    ) -> Any:
        distances = np.arange(1 - queries, keys)
        by_distance = xp.asarray(_buckets(distances, buckets, max_distance, bidirectional))
        place = xp.arange(keys)[None, :] + (queries - 1 - xp.arange(queries)[:, None])
        chosen = xp.take(by_distance, xp.reshape(place, (-1,)), axis=0)
        return xp.reshape(chosen, (queries, keys)), None

    def examples(self) -> Any:
        return (
            Example((), {"queries": 5, "keys": 9}, smooth=False),
            Example((), {"queries": 7, "keys": 3, "bidirectional": False}, smooth=False),
        )


def _buckets(distance: Any, buckets: int, max_distance: int, bidirectional: bool) -> Any:
    """The bucket of each distance; on the host, as logarithms differ in their last bit."""
    first = np.zeros_like(distance)
    if bidirectional:
        buckets //= 2
        first = np.where(distance > 0, buckets, first)
        distance = np.abs(distance)
    else:
        distance = np.maximum(-distance, 0)
    exact = buckets // 2
    far = np.maximum(distance, 1).astype(np.float32) / np.float32(exact)
    # In float32 and in this order, so that distances on a boundary fall as they were trained.
    span = np.float32(math.log(max_distance / exact))
    large = exact + (np.log(far) / span * np.float32(buckets - exact)).astype(np.int64)
    return first + np.where(distance < exact, distance, np.clip(large, 0, buckets - 1))
