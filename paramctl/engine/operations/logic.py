"""Truth values: comparison, logic, choice, and casts between kinds."""

from __future__ import annotations

import operator
from typing import Any

from paramctl.engine.elementwise import (
    Binary,
    Comparison,
    meet,
    meeting_dtype,
    own_shape,
    require_value,
    shape_of,
    sum_to,
)
from paramctl.engine.operation import DEFAULT_FLOAT, Example, Form, Operation, define
from paramctl.engine.promotion import dtype_name, is_float
from paramctl.engine.shapes import broadcast
from paramctl.expression.errors import LanguageError

_PAIRS = (
    Example(((2, 3), (3,)), smooth=False),
    Example(((2, 3), 0.5), smooth=False),
    Example(([1, 2, 3], [3, 2, 1]), smooth=False),
)
_TRUTHS = (
    Example(([True, False, True], [True, True, False]), smooth=False),
    Example(([[True], [False]], [True, False]), smooth=False),
)
DTYPES = ("float", "float32", "float64", "int64", "int32", "bool", "complex64", "complex128")


def _comparison(name: str, compare: Any, text: str) -> None:
    """Enter one comparison; all six are one definition."""

    class Compare(Comparison):
        on_numbers = compare

        def value(self, xp: Any, x: Any, y: Any) -> Any:
            x, y = meet(xp, x, y)
            return compare(x, y), None

        def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
            return None, None

        def examples(self) -> Any:
            return _PAIRS

    Compare.__doc__ = f"``y = {text}``, element by element, as truth values."
    define(name)(Compare)


_comparison("lt", operator.lt, "a < b")
_comparison("le", operator.le, "a <= b")
_comparison("gt", operator.gt, "a > b")
_comparison("ge", operator.ge, "a >= b")
_comparison("eq", operator.eq, "a == b")
_comparison("ne", operator.ne, "a != b")


class Logical(Binary):
    """Two truth values that broadcast."""

    reads = True

    def result_dtype(self, x: Any, y: Any) -> str:
        for operand in (x, y):
            if str(getattr(operand, "dtype", type(operand).__name__)) != "bool":
                raise LanguageError(f"{self.name} works on truth values, such as x > 0")
        return "bool"

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        return None, None

    def examples(self) -> Any:
        return _TRUTHS


@define("logical_and")
class LogicalAnd(Logical):
    """``y`` is true where both are."""

    def value(self, xp: Any, x: Any, y: Any) -> Any:
        return xp.logical_and(x, y), None


@define("logical_or")
class LogicalOr(Logical):
    """``y`` is true where either is."""

    def value(self, xp: Any, x: Any, y: Any) -> Any:
        return xp.logical_or(x, y), None


@define("logical_not")
class LogicalNot(Operation):
    """``y`` is true where x is false."""

    reads = True

    def shape(self, x: Any) -> Form:
        if dtype_name(x) != "bool":
            raise LanguageError("logical_not works on truth values, such as x > 0")
        return Form(shape_of(x), "bool")

    def value(self, xp: Any, x: Any) -> Any:
        return xp.logical_not(x), None

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        return None

    def examples(self) -> Any:
        return (Example(([True, False],), smooth=False),)


@define("where")
class Where(Operation):
    """``y`` = x where the condition holds, else z.

    Shapes:
        condition (bool), x, z broadcast → y
    """

    reads = True

    def shape(self, condition: Any, x: Any, z: Any) -> Form:
        if str(getattr(condition, "dtype", "")) != "bool":
            raise LanguageError("where needs a tensor of truth values first, such as x > 0")
        for operand in (x, z):
            require_value(self.name, operand)
        form = broadcast(condition.shape, shape_of(x), shape_of(z))
        return Form(form, meeting_dtype(x, z))

    def value(self, xp: Any, condition: Any, x: Any, z: Any) -> Any:
        saved = (condition, own_shape(x), own_shape(z))
        return xp.where(condition, *meet(xp, x, z)), saved

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        condition, x, z = saved
        zero = xp.zeros_like(dy)
        dx = None if x is None else sum_to(xp, xp.where(condition, dy, zero), x)
        return None, dx, None if z is None else sum_to(xp, xp.where(condition, zero, dy), z)

    def examples(self) -> Any:
        return (
            Example(([[True], [False]], (2, 3), (3,))),
            Example(([True, False], (2,), -1.0)),
            Example(([True, False], 0.0, (2,))),
        )


@define("cast")
class Cast(Operation):
    """x as another kind of number; a float is always the run's float.

    The derivative between floats passes through; into integers and back there is none.
    """

    reads = True

    def shape(self, x: Any, *, dtype: str) -> Form:
        if dtype not in DTYPES:
            raise LanguageError(
                f"no dtype '{dtype}' to cast to", hint=f"one of {', '.join(DTYPES)}"
            )
        named = DEFAULT_FLOAT if is_float(dtype) else dtype
        return Form(shape_of(x), named)

    def value(self, xp: Any, x: Any, *, dtype: str) -> Any:
        if is_float(dtype_name(x)) and is_float(dtype):
            return x, True
        target = "float64" if is_float(dtype) else dtype
        return xp.astype(x, getattr(xp, target)), False

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        return dy if saved else None

    def examples(self) -> Any:
        return (
            Example(((2, 3),), {"dtype": "float32"}),
            Example(((2, 3),), {"dtype": "int64"}, smooth=False),
            Example(([0, 1, 2],), {"dtype": "float"}, smooth=False),
            Example(([0, 1, 2],), {"dtype": "bool"}, smooth=False),
        )
