"""Operations that only move elements: other shapes, other orders, repetition."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from paramctl.engine.elementwise import sum_to
from paramctl.engine.operation import Example, Form, Operation, define
from paramctl.engine.promotion import dtype_name
from paramctl.engine.shapes import Size, axes_of, axis_of, broadcast, is_known, product, show
from paramctl.engine.unknown import Unknown
from paramctl.expression.errors import LanguageError


class Reshaping(Operation):
    """Same elements in the same order; the way back is a reshape."""

    reads = True

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        return xp.reshape(dy, saved)


@define("reshape")
class Reshape(Reshaping):
    """The elements of x in another shape; one size may be -1 and is found out."""

    def shape(self, x: Any, *, shape: Sequence[Size]) -> Form:
        return Form(filled(x.shape, tuple(shape)), dtype_name(x))

    def value(self, xp: Any, x: Any, *, shape: Sequence[int]) -> Any:
        return xp.reshape(x, tuple(shape)), x.shape

    def examples(self) -> Any:
        return (
            Example(((2, 6),), {"shape": (3, 4)}),
            Example(((2, 6),), {"shape": (2, -1, 3)}),
            Example(((1,),), {"shape": ()}),
            Example(((0, 3),), {"shape": (3, 0)}),
        )


def filled(old: Sequence[Size], new: tuple[Size, ...]) -> tuple[Any, ...]:
    """The new shape with its -1 found; unknown sizes that stand on both sides cancel.

    Raises:
        LanguageError: the numbers of elements don't agree.
    """
    if is_known(old) and is_known(new) and -1 not in new and product(old) == product(new):
        return new
    holes = [k for k, size in enumerate(new) if isinstance(size, int) and size == -1]
    left, right = _cancel(old, [size for k, size in enumerate(new) if k not in holes])
    total, rest = product(left), product(right)
    if isinstance(total, Unknown) or isinstance(rest, Unknown):
        return tuple(Unknown() if k in holes else size for k, size in enumerate(new))
    fits = len(holes) == 1 and rest > 0 and total % rest == 0 if holes else total == rest
    if not fits:
        raise LanguageError(f"the elements of {show(old)} don't make {show(new)}")
    return tuple(total // rest if k in holes else size for k, size in enumerate(new))


def _cancel(left: Sequence[Size], right: Sequence[Size]) -> tuple[list[Size], list[Size]]:
    """Both lists without the unknown sizes that they have in common."""
    rest = list(right)
    kept: list[Size] = []
    for size in left:
        place = next((k for k, other in enumerate(rest) if other is size), None)
        if isinstance(size, Unknown) and place is not None:
            rest.pop(place)
        else:
            kept.append(size)
    return kept, rest


@define("flatten")
class Flatten(Reshaping):
    """Axes ``start`` to ``end`` as one; from axis 1 on unless told."""

    def shape(self, x: Any, *, start: int = 1, end: int = -1) -> Form:
        return Form(_flattened(x.shape, start, end), dtype_name(x))

    def value(self, xp: Any, x: Any, *, start: int, end: int) -> Any:
        return xp.reshape(x, _flattened(x.shape, start, end)), x.shape

    def examples(self) -> Any:
        return (Example(((2, 3, 4),)), Example(((2, 3, 4),), {"start": 0, "end": 1}))


def _flattened(shape: Sequence[Size], start: int, end: int) -> tuple[Any, ...]:
    first, last = axis_of(start, len(shape)), axis_of(end, len(shape))
    if last < first:
        raise LanguageError(f"flatten from axis {start} to {end} of {show(shape)}: none between")
    return (*shape[:first], product(shape[first : last + 1]), *shape[last + 1 :])


@define("squeeze")
class Squeeze(Reshaping):
    """x without ``axis``, one or several, each of size 1."""

    def shape(self, x: Any, *, axis: int | Sequence[int]) -> Form:
        gone = axes_of(axis, x.ndim)
        for place in gone:
            if isinstance(x.shape[place], int) and x.shape[place] != 1:
                raise LanguageError(f"axis {place} of {show(x.shape)} can't be squeezed")
        kept = tuple(size for place, size in enumerate(x.shape) if place not in gone)
        return Form(kept, dtype_name(x))

    def value(self, xp: Any, x: Any, *, axis: int | Sequence[int]) -> Any:
        gone = axes_of(axis, x.ndim)
        kept = tuple(size for place, size in enumerate(x.shape) if place not in gone)
        return xp.reshape(x, kept), x.shape

    def examples(self) -> Any:
        return (Example(((2, 1, 3),), {"axis": 1}), Example(((1, 2, 1),), {"axis": (0, -1)}))


@define("unsqueeze")
class Unsqueeze(Reshaping):
    """x with a new axis of size 1 at ``axis``."""

    def shape(self, x: Any, *, axis: int) -> Form:
        place = axis_of(axis, x.ndim + 1)
        return Form((*x.shape[:place], 1, *x.shape[place:]), dtype_name(x))

    def value(self, xp: Any, x: Any, *, axis: int) -> Any:
        place = axis % (x.ndim + 1)
        return xp.reshape(x, (*x.shape[:place], 1, *x.shape[place:])), x.shape

    def examples(self) -> Any:
        return (Example(((2, 3),), {"axis": 0}), Example(((2, 3),), {"axis": -1}))


@define("permute")
class Permute(Operation):
    """The axes of x in another order.

    Shapes:
        x ``(s0, s1, …)`` → y ``(s[axes[0]], s[axes[1]], …)``
    """

    reads = True

    def shape(self, x: Any, *, axes: Sequence[int]) -> Form:
        order = [axis_of(axis, x.ndim) for axis in axes]
        if sorted(order) != list(range(x.ndim)):
            raise LanguageError(f"axes {show(axes)} don't reorder a tensor {show(x.shape)}")
        return Form(tuple(x.shape[axis] for axis in order), dtype_name(x))

    def value(self, xp: Any, x: Any, *, axes: Sequence[int]) -> Any:
        order = tuple(axis % x.ndim for axis in axes)
        return xp.permute_dims(x, order), order

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        back = sorted(range(len(saved)), key=saved.__getitem__)
        return xp.permute_dims(dy, tuple(back))

    def examples(self) -> Any:
        return (Example(((2, 3, 4),), {"axes": (2, 0, 1)}), Example(((),), {"axes": ()}))


@define("transpose", "swapaxes")
class Transpose(Operation):
    """x with two axes exchanged, the last two unless told."""

    reads = True

    def shape(self, x: Any, *, first: int = -2, second: int = -1) -> Form:
        sizes = list(x.shape)
        one, other = axis_of(first, x.ndim), axis_of(second, x.ndim)
        sizes[one], sizes[other] = sizes[other], sizes[one]
        return Form(tuple(sizes), dtype_name(x))

    def value(self, xp: Any, x: Any, *, first: int, second: int) -> Any:
        return xp.swapaxes(x, first, second), (first, second)

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        return xp.swapaxes(dy, *saved)

    def examples(self) -> Any:
        return (Example(((2, 3, 4),)), Example(((2, 3, 4),), {"first": 0, "second": 2}))


@define("broadcast_to", "expand")
class BroadcastTo(Operation):
    """x repeated along axes of size 1 and new leading ones; -1 keeps a size."""

    reads = True

    def shape(self, x: Any, *, shape: Sequence[Size]) -> Form:
        wanted = _kept(x.shape, tuple(shape))
        made = broadcast(x.shape, wanted)
        if len(made) != len(wanted) or any(
            isinstance(size, int) and size == 1 and isinstance(other, int) and other != 1
            for size, other in zip(wanted, made, strict=True)
        ):
            raise LanguageError(f"{show(x.shape)} does not broadcast to {show(wanted)}")
        return Form(wanted, dtype_name(x))

    def value(self, xp: Any, x: Any, *, shape: Sequence[int]) -> Any:
        return xp.broadcast_to(x, _kept(x.shape, tuple(shape))), x.shape

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        return sum_to(xp, dy, saved)

    def examples(self) -> Any:
        return (
            Example(((3, 1),), {"shape": (2, 3, 4)}),
            Example(((3, 1),), {"shape": (2, -1, 4)}),
            Example(((),), {"shape": (2,)}),
        )


def _kept(old: Sequence[Size], new: tuple[Size, ...]) -> tuple[Any, ...]:
    extra = len(new) - len(old)
    return tuple(
        old[k - extra] if isinstance(size, int) and size == -1 and k >= extra else size
        for k, size in enumerate(new)
    )


@define("flip")
class Flip(Operation):
    """x backward along ``axis``, one or several or all."""

    reads = True

    def shape(self, x: Any, *, axis: int | Sequence[int] | None = None) -> Form:
        axes_of(axis, x.ndim)
        return Form(x.shape, dtype_name(x))

    def value(self, xp: Any, x: Any, *, axis: int | Sequence[int] | None) -> Any:
        axes = axes_of(axis, x.ndim)
        return xp.flip(x, axis=axes), axes

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        return xp.flip(dy, axis=saved)

    def examples(self) -> Any:
        return (Example(((2, 3),), {"axis": 1}), Example(((2, 3),)))
