"""Sizes that are found later: once one is known, whatever was computed from it is known too."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from typing import Any

from paramctl.engine.shapes import Size
from paramctl.engine.unknown import Unknown
from paramctl.expression.errors import LanguageError

_NUMBERS = (int, float)
_MOST_PARTS = 2_000  # of a size computed from others; a loop that doubles one would never end


class Open(Unknown):
    """A size without a number yet.

    Attributes:
        value: the number, once something has decided it.
        origin: where it came from, in words.
    """

    __slots__ = ("origin", "value")

    def __init__(self, name: str, *, hint: str = "") -> None:
        super().__init__(name, hint=hint)
        self.value: int | None = None
        self.origin = ""

    def decide(self, value: int, origin: str) -> None:
        """Give it its number."""
        self.value = value
        self.origin = origin


class Deferred(Open):
    """A size that something decides. ``deferred * 4`` is a ``Derived`` that follows it."""

    __slots__ = ()


class Derived(Open):
    """A size computed from others, at least one of which is not known yet."""

    __slots__ = ("function", "operands", "parts")

    def __init__(self, function: Callable[..., Any], *operands: Any) -> None:
        bases = [value for value in operands if isinstance(value, Unknown)]
        names = [base.name.removeprefix("a size made from ") for base in bases]
        super().__init__(f"a size made from {names[0]}", hint=bases[0].hint)
        self.function = function
        self.operands = operands
        self.parts = 1 + sum(getattr(value, "parts", 1) for value in operands)
        if self.parts > _MOST_PARTS:
            raise LanguageError(f"{self.name} would be made of more than {_MOST_PARTS:,} parts")


def origins(size: Any) -> list[str]:
    """Where a size that was open came from: what decided it, or the sizes it is made of."""
    found: dict[str, None] = {}
    waiting = [size]
    for one in waiting:
        if isinstance(one, Open) and one.origin:
            found[one.origin] = None
        elif isinstance(one, Derived):
            waiting += one.operands
    return list(found)


def known(size: Any) -> Any:
    """The number of a size if it has one by now; other values as they are."""
    if isinstance(size, Open) and size.value is not None:
        return size.value
    if isinstance(size, Derived):
        operands = [known(operand) for operand in size.operands]
        if any(isinstance(operand, Unknown) for operand in operands):
            return size
        return size.function(*operands)
    if isinstance(size, tuple | list):
        return type(size)(known(part) for part in size)
    return size


def known_shape(shape: Iterable[Any]) -> tuple[Size, ...]:
    """A shape with every size that has a number by now."""
    return tuple(known(size) for size in shape)


def _forward(function: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    def apply(self: Unknown, other: Any) -> Any:
        return _derive(function, self, other)

    return apply


def _backward(function: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    def apply(self: Unknown, other: Any) -> Any:
        return _derive(function, other, self)

    return apply


def _derive(function: Callable[..., Any], left: Any, right: Any) -> Any:
    left, right = known(left), known(right)
    if not isinstance(left, Unknown) and not isinstance(right, Unknown):
        return function(left, right)
    for value in (left, right):
        if not isinstance(value, (*_NUMBERS, Unknown)):
            return NotImplemented
    return Derived(function, left, right)


def _negated(self: Unknown) -> Any:
    value = known(self)
    return Derived(operator.neg, self) if isinstance(value, Unknown) else -value


for _kind in (Deferred, Derived):
    for _name in ("add", "sub", "mul", "floordiv", "truediv", "mod", "pow"):
        _function = getattr(operator, _name)
        setattr(_kind, f"__{_name}__", _forward(_function))
        setattr(_kind, f"__r{_name}__", _backward(_function))
    _kind.__neg__ = _negated  # type: ignore[method-assign]


def require_size(value: Any, what: str) -> Size:
    """A size of a tensor: a whole number from 1, or one that is not known yet.

    Raises:
        LanguageError: anything else.
    """
    from paramctl.expression.values import describe

    value = known(value)
    if isinstance(value, Unknown):
        return value
    if isinstance(value, bool) or not isinstance(value, int):
        raise LanguageError(f"{what} is a whole number, not {describe(value)}")
    if not 1 <= value < 2**48:
        raise LanguageError(f"{what} is a whole number from 1 to 2**48, not {value}")
    return value
