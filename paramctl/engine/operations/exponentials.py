"""Functions of one operand: exponentials, roots, signs and circles."""

from __future__ import annotations

import math
import operator
from typing import Any

from paramctl.engine.elementwise import Unary, require_value, shape_of
from paramctl.engine.operation import Example, Form, define
from paramctl.engine.promotion import dtype_name, real_of

_ANY = (Example(((2, 3),)), Example(((),)), Example(((0, 2),)))
_POSITIVE = (Example(((2, 3),), domain=(0.5, 2.0)), Example(((),), domain=(0.5, 2.0)))


@define("neg")
class Neg(Unary):
    """``y = -x``; integers stay integers."""

    on_numbers = operator.neg
    floats = False

    def shape(self, x: Any) -> Form:
        require_value(self.name, x)
        return Form(shape_of(x), dtype_name(x))

    def value(self, xp: Any, x: Any) -> Any:
        return -x, None

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        return -dy

    def examples(self) -> Any:
        return (*_ANY, Example(([1, 2],), smooth=False))


@define("abs")
class Abs(Unary):
    """``y = |x|``; the derivative at 0 is 0. The modulus of a complex number is real."""

    on_numbers = abs
    floats = False

    def shape(self, x: Any) -> Form:
        require_value(self.name, x)
        return Form(shape_of(x), real_of(dtype_name(x)))

    def value(self, xp: Any, x: Any) -> Any:
        return xp.abs(x), x

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        return dy * xp.sign(saved)

    def examples(self) -> Any:
        return (*_ANY, Example(([-1, 2],), smooth=False))


@define("sign")
class Sign(Unary):
    """``y`` is -1, 0 or 1; the derivative is 0."""

    floats = False

    def shape(self, x: Any) -> Form:
        require_value(self.name, x)
        return Form(shape_of(x), dtype_name(x))

    def value(self, xp: Any, x: Any) -> Any:
        return xp.sign(x), None

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        return None

    def examples(self) -> Any:
        return (Example(((2, 3),), smooth=False),)


@define("exp")
class Exp(Unary):
    """``y = e**x``."""

    on_numbers = math.exp

    def value(self, xp: Any, x: Any) -> Any:
        y = xp.exp(x)
        return y, y

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        return dy * saved

    def examples(self) -> Any:
        return _ANY


@define("log")
class Log(Unary):
    """``y = ln(x)``."""

    on_numbers = math.log

    def value(self, xp: Any, x: Any) -> Any:
        return xp.log(x), x

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        return dy / saved

    def examples(self) -> Any:
        return _POSITIVE


@define("sqrt")
class Sqrt(Unary):
    """``y = x ** 0.5``."""

    on_numbers = math.sqrt

    def value(self, xp: Any, x: Any) -> Any:
        y = xp.sqrt(x)
        return y, y

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        return dy * 0.5 / saved

    def examples(self) -> Any:
        return _POSITIVE


def _rsqrt(x: float) -> float:
    return 1 / math.sqrt(x)


@define("rsqrt")
class Rsqrt(Unary):
    """``y = x ** -0.5``."""

    on_numbers = _rsqrt

    def value(self, xp: Any, x: Any) -> Any:
        y = 1 / xp.sqrt(x)
        return y, y

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        return dy * (-0.5 * saved * saved * saved)

    def examples(self) -> Any:
        return _POSITIVE


@define("sin")
class Sin(Unary):
    """``y = sin(x)``, x in radians."""

    on_numbers = math.sin

    def value(self, xp: Any, x: Any) -> Any:
        return xp.sin(x), x

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        return dy * xp.cos(saved)

    def examples(self) -> Any:
        return _ANY


@define("cos")
class Cos(Unary):
    """``y = cos(x)``, x in radians."""

    on_numbers = math.cos

    def value(self, xp: Any, x: Any) -> Any:
        return xp.cos(x), x

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        return dy * -xp.sin(saved)

    def examples(self) -> Any:
        return _ANY
