"""Rows and elements by index; an embedding reads only the rows it needs."""

from __future__ import annotations

from typing import Any

from paramctl.engine.operation import Example, Form, Operation, define
from paramctl.engine.promotion import dtype_name, is_integer
from paramctl.engine.shapes import axis_of, differ, show
from paramctl.engine.tape import RowGradient
from paramctl.engine.weight import as_weight
from paramctl.expression.errors import LanguageError


def check_bounds(xp: Any, indices: Any, rows: int, what: str) -> None:
    """Refuse indices outside ``[0, rows)``.

    Raises:
        LanguageError: the text shows the first one and the number of rows.
    """
    if indices.size == 0:
        return
    low, high = int(xp.min(indices)), int(xp.max(indices))
    if low < 0 or high >= rows:
        wrong = low if low < 0 else high
        raise LanguageError(
            f"index {wrong} is outside {what}, which has {rows} rows",
            hint=f"it takes 0 to {rows - 1}: give other numbers, or a shorter input",
        )


def _require_indices(name: str, indices: Any) -> None:
    if not hasattr(indices, "dtype") or not is_integer(dtype_name(indices)):
        found = getattr(indices, "dtype", type(indices).__name__)
        raise LanguageError(f"{name} needs whole-number indices, not {found}")


@define("embedding")
class Embedding(Operation):
    """``y[…] = weight[indices[…]]``: the rows of a table.

    Args:
        padding: a row that learns nothing: its gradient is zero, as torch's ``padding_idx`` has it.

    Shapes:
        indices ``(…)``, weight ``(rows, *features)`` → y ``(…, *features)``
    """

    streams = ("weight",)
    reads = True

    def shape(self, indices: Any, weight: Any, *, padding: int | None = None) -> Form:
        _require_indices(self.name, indices)
        if weight.ndim < 1:
            raise LanguageError("embedding needs a table with at least one axis")
        return Form((*indices.shape, *weight.shape[1:]), dtype_name(weight))

    def value(self, xp: Any, indices: Any, weight: Any, *, padding: int | None) -> Any:
        table = as_weight(xp, weight)
        name = weight.parameter.name if hasattr(weight, "parameter") else ""
        check_bounds(xp, indices, table.shape[0], f"the table {name}".rstrip())
        flat = table.take(xp.reshape(indices, (-1,)))
        return xp.reshape(flat, (*indices.shape, *table.shape[1:])), (indices, table.shape, padding)

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        indices, shape, padding = saved
        if padding is not None:
            learns = xp.reshape(
                indices != padding % shape[0], (*indices.shape, *[1] * (len(shape) - 1))
            )
            dy = xp.where(learns, dy, xp.zeros_like(dy))
        return None, RowGradient(indices, dy, shape)

    def examples(self) -> Any:
        return (
            Example(([[1, 0], [3, 1]], (4, 3))),
            Example(([2], (4,))),
        )


@define("take")
class Take(Operation):
    """``y`` = the slices of x along ``axis`` at these indices.

    Shapes:
        x ``(*left, n, *right)``, indices ``(*i)`` → y ``(*left, *i, *right)``
    """

    reads = True

    def shape(self, x: Any, indices: Any, *, axis: int = 0) -> Form:
        _require_indices(self.name, indices)
        place = axis_of(axis, x.ndim)
        return Form((*x.shape[:place], *indices.shape, *x.shape[place + 1 :]), dtype_name(x))

    def value(self, xp: Any, x: Any, indices: Any, *, axis: int) -> Any:
        place = axis % x.ndim
        check_bounds(xp, indices, x.shape[place], f"axis {place} of {show(x.shape)}")
        flat = xp.take(x, xp.reshape(indices, (-1,)), axis=place)
        shape = (*x.shape[:place], *indices.shape, *x.shape[place + 1 :])
        return xp.reshape(flat, shape), (x.shape, indices, place)

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        shape, indices, place = saved
        moved = (shape[place], *shape[:place], *shape[place + 1 :])
        spread = (*shape[:place], -1, *shape[place + 1 :])
        rows = xp.moveaxis(xp.reshape(dy, spread) if indices.size else dy, place, 0)
        zeros = xp.zeros(moved, dtype=dy.dtype)
        if indices.size:
            xp.add.at(zeros, xp.reshape(indices, (-1,)), rows)
        return xp.moveaxis(zeros, 0, place), None

    def examples(self) -> Any:
        return (
            Example(((4, 3), [1, 1, 3])),
            Example(((2, 4, 3), [[0, 3], [1, 1]]), {"axis": 1}),
            Example(((2, 4), [2]), {"axis": -1}),
        )


@define("gather")
class Gather(Operation):
    """``y[i, j] = x[i, indices[i, j]]`` along ``axis``: an index for every element.

    Shapes:
        x and indices have one rank and agree off ``axis`` → y like indices
    """

    reads = True

    def shape(self, x: Any, indices: Any, *, axis: int = -1) -> Form:
        _require_indices(self.name, indices)
        place = axis_of(axis, x.ndim)
        agree = x.ndim == indices.ndim and not any(
            differ(one, other)
            for k, (one, other) in enumerate(zip(x.shape, indices.shape, strict=True))
            if k != place
        )
        if not agree:
            raise LanguageError(
                f"gather along axis {axis} of {show(x.shape)} with indices {show(indices.shape)}"
            )
        return Form(indices.shape, dtype_name(x))

    def value(self, xp: Any, x: Any, indices: Any, *, axis: int) -> Any:
        place = axis % x.ndim
        check_bounds(xp, indices, x.shape[place], f"axis {place} of {show(x.shape)}")
        return xp.take_along_axis(x, indices, axis=place), (x.shape, indices, place)

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        shape, indices, place = saved
        zeros = xp.zeros(shape, dtype=dy.dtype)
        grid = list(xp.meshgrid(*(xp.arange(size) for size in indices.shape), indexing="ij"))
        grid[place] = indices
        xp.add.at(zeros, tuple(grid), dy)
        return zeros, None

    def examples(self) -> Any:
        return (
            Example(((2, 4), [[0, 3, 3], [1, 2, 0]])),
            Example(((3, 2), [[0, 2], [1, 1]]), {"axis": 0}),
        )
