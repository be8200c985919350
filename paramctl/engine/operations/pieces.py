"""Cutting tensors up and putting them together: index, concat, stack, split, pad."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from paramctl.engine.operation import Example, Form, Operation, define
from paramctl.engine.promotion import dtype_name, promote
from paramctl.engine.shapes import Size, axis_of, differ, show, unify
from paramctl.engine.unknown import Unknown
from paramctl.expression.errors import LanguageError

Index = Any


@define("getitem")
class GetItem(Operation):
    """``x[index]`` with numbers, slices, ``None`` (a new axis) and ``...`` (all that is left)."""

    reads = True

    def shape(self, x: Any, *, index: Index) -> Form:
        sizes: list[Size] = []
        axes = iter(x.shape)
        for part in spelled_out(index, x):
            if part is None:
                sizes.append(1)
            elif isinstance(part, slice):
                sizes.append(_sliced(next(axes), part))
            else:
                _require_inside(part, next(axes), x)
        return Form((*sizes, *axes), dtype_name(x))

    def value(self, xp: Any, x: Any, *, index: Index) -> Any:
        parts = tuple(spelled_out(index, x))
        return xp.asarray(x[(*parts, ...)]), (x.shape, parts)

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        shape, parts = saved
        zeros = xp.zeros(shape, dtype=dy.dtype)
        kept = (*(part for part in parts if part is not None), ...)
        zeros[kept] = xp.reshape(dy, zeros[kept].shape)
        return zeros

    def examples(self) -> Any:
        return (
            Example(((3, 4),), {"index": 1}),
            Example(((3, 4),), {"index": (slice(None), slice(1, None, 2))}),
            Example(((3, 4),), {"index": (..., -1)}),
            Example(((3, 4),), {"index": (None, slice(None), None, 2)}),
            Example(((3, 4),), {"index": (2, 3)}),
            Example(((3, 4, 2),), {"index": (0, ..., slice(None, 1))}),
            Example(((3,),), {"index": slice(3, None)}),
        )


def spelled_out(index: Index, x: Any) -> list[Any]:
    """The index as a list with ``...`` replaced by as many ``:`` as are missing.

    Raises:
        LanguageError: too many indices, two ``...``, or something that is no index.
    """
    parts = list(index) if isinstance(index, tuple) else [index]
    for part in parts:
        plain = part is None or part is Ellipsis or isinstance(part, int | slice)
        if isinstance(part, bool) or not plain:
            raise LanguageError(
                "an index is a number, a slice, None or ...",
                hint="take(x, indices) picks by a tensor of indices, where(…) by truth values",
            )
    dots = [k for k, part in enumerate(parts) if part is Ellipsis]
    used = sum(1 for part in parts if part is not None and part is not Ellipsis)
    if len(dots) > 1 or used > x.ndim:
        raise LanguageError(f"{used} indices for a tensor {show(x.shape)}")
    if dots:
        parts[dots[0] : dots[0] + 1] = [slice(None)] * (x.ndim - used)
    return parts


def _sliced(size: Size, part: slice) -> Size:
    whole = part.start is None and part.stop is None and part.step in (None, 1, -1)
    if whole:
        return size
    bounds = (size, part.start, part.stop, part.step)
    if any(isinstance(bound, Unknown) for bound in bounds) or isinstance(size, Unknown):
        return Unknown()
    return len(range(*part.indices(size)))


def _require_inside(place: int, size: Size, x: Any) -> None:
    if isinstance(size, int) and not -size <= place < size:
        raise LanguageError(f"index {place} is out of range of a tensor {show(x.shape)}")


@define("concat")
class Concat(Operation):
    """Tensors one after another along ``axis``; all other sizes agree."""

    reads = True

    def shape(self, *tensors: Any, axis: int = -1) -> Form:
        _require_tensors(self.name, tensors)
        place = axis_of(axis, tensors[0].ndim)
        total: Size = 0
        sizes = list(tensors[0].shape)
        for tensor in tensors:
            if tensor.ndim != len(sizes) or any(
                differ(size, other)
                for k, (size, other) in enumerate(zip(sizes, tensor.shape, strict=True))
                if k != place
            ):
                shapes = ", ".join(show(each.shape) for each in tensors)
                raise LanguageError(f"concat along axis {axis} of {shapes}")
            total = total + tensor.shape[place]
            sizes = [unify(size, other) for size, other in zip(sizes, tensor.shape, strict=True)]
        sizes[place] = total
        return Form(tuple(sizes), promote(dtype_name(tensor) for tensor in tensors))

    def value(self, xp: Any, *tensors: Any, axis: int) -> Any:
        lengths = [tensor.shape[axis] for tensor in tensors]
        return xp.concat(tensors, axis=axis), (lengths, axis)

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        lengths, axis = saved
        return tuple(_runs(dy, lengths, axis % dy.ndim))

    def examples(self) -> Any:
        return (
            Example(((2, 3), (2, 1))),
            Example(((1, 3), (2, 3), (0, 3)), {"axis": 0}),
        )


def _runs(x: Any, lengths: Sequence[int], axis: int) -> list[Any]:
    """Consecutive runs of x along an axis."""
    runs, start = [], 0
    for length in lengths:
        runs.append(x[(*(slice(None),) * axis, slice(start, start + length), ...)])
        start += length
    return runs


def _require_tensors(name: str, tensors: Sequence[Any]) -> None:
    if not tensors or not all(hasattr(tensor, "shape") for tensor in tensors):
        raise LanguageError(f"{name} needs at least one tensor, and nothing but tensors")


@define("stack")
class Stack(Operation):
    """Tensors of one shape side by side along a new ``axis``."""

    reads = True

    def shape(self, *tensors: Any, axis: int = 0) -> Form:
        _require_tensors(self.name, tensors)
        sizes = tensors[0].shape
        for tensor in tensors:
            if tensor.ndim != len(sizes) or any(map(differ, sizes, tensor.shape)):
                shapes = ", ".join(show(each.shape) for each in tensors)
                raise LanguageError(f"stack of different shapes {shapes}")
            sizes = tuple(map(unify, sizes, tensor.shape))
        place = axis_of(axis, len(sizes) + 1)
        dtype = promote(dtype_name(tensor) for tensor in tensors)
        return Form((*sizes[:place], len(tensors), *sizes[place:]), dtype)

    def value(self, xp: Any, *tensors: Any, axis: int) -> Any:
        return xp.stack(tensors, axis=axis), (len(tensors), axis)

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        count, axis = saved
        before = (slice(None),) * (axis % dy.ndim)
        return tuple(dy[(*before, k, ...)] for k in range(count))

    def examples(self) -> Any:
        return (Example(((2, 3), (2, 3))), Example(((), (), ()), {"axis": -1}))


@define("split")
class Split(Operation):
    """Consecutive runs of x along ``axis``: ``parts`` equal ones, or runs of the sizes given."""

    reads = True

    def shape(self, x: Any, *, parts: int | Sequence[Size], axis: int = -1) -> tuple[Form, ...]:
        place = axis_of(axis, x.ndim)
        return tuple(
            Form((*x.shape[:place], size, *x.shape[place + 1 :]), dtype_name(x))
            for size in _lengths(x, parts, place)
        )

    def value(self, xp: Any, x: Any, *, parts: int | Sequence[int], axis: int) -> Any:
        place = axis % x.ndim
        runs = _runs(x, _lengths(x, parts, place), place)
        return tuple(runs), ([run.shape for run in runs], place)

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        shapes, place = saved
        given = dy if isinstance(dy, tuple) else (dy,)
        dtype = next(part.dtype for part in given if part is not None)
        whole = [
            xp.zeros(shape, dtype=dtype) if part is None else part
            for part, shape in zip(given, shapes, strict=True)
        ]
        return xp.concat(whole, axis=place)

    def examples(self) -> Any:
        return (
            Example(((2, 6),), {"parts": 3}),
            Example(((4, 2),), {"parts": (1, 3), "axis": 0}),
        )


def _lengths(x: Any, parts: int | Sequence[Size], place: int) -> list[Any]:
    """Lengths of the runs.

    Raises:
        LanguageError: they don't add up to the axis.
    """
    size = x.shape[place]
    if isinstance(parts, int):
        if parts < 1 or (isinstance(size, int) and size % parts):
            raise LanguageError(f"axis {place} of {show(x.shape)} does not split into {parts}")
        return [size // parts] * parts
    lengths = list(parts)
    total = sum(lengths) if all(isinstance(length, int) for length in lengths) else Unknown()
    if differ(size, total):
        raise LanguageError(f"axis {place} of {show(x.shape)} does not split into {show(lengths)}")
    return lengths


@define("pad")
class Pad(Operation):
    """x with ``fill`` around it: pairs (before, after) for the last axes, in their order."""

    reads = True

    def shape(self, x: Any, *, widths: Sequence[Sequence[int]], fill: float = 0) -> Form:
        pairs = _pairs(x, widths)
        sizes = (
            size + before + after for size, (before, after) in zip(x.shape, pairs, strict=True)
        )
        return Form(tuple(sizes), dtype_name(x))

    def value(self, xp: Any, x: Any, *, widths: Sequence[Sequence[int]], fill: float) -> Any:
        pairs = _pairs(x, widths)
        inside = tuple(
            slice(before, before + size) for size, (before, _) in zip(x.shape, pairs, strict=True)
        )
        sizes = tuple(sum(pair) + size for size, pair in zip(x.shape, pairs, strict=True))
        y = xp.full(sizes, fill, dtype=x.dtype)
        y[inside] = x
        return y, inside

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        return dy[saved]

    def examples(self) -> Any:
        return (
            Example(((2, 3),), {"widths": ((1, 2),)}),
            Example(((2, 3),), {"widths": ((1, 0), (0, 1)), "fill": 2.0}),
        )


def _pairs(x: Any, widths: Sequence[Sequence[int]]) -> list[tuple[int, int]]:
    pairs = [tuple(pair) for pair in widths]
    fine = len(pairs) <= x.ndim and all(len(pair) == 2 and min(pair) >= 0 for pair in pairs)
    if not fine:
        raise LanguageError(f"pad of {show(x.shape)} needs pairs (before, after), not {widths}")
    return [(0, 0)] * (x.ndim - len(pairs)) + [(first, last) for first, last in pairs]
