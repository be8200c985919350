"""Whole numbers below, above and nearest; values kept between bounds; triangles."""

from __future__ import annotations

import math
from typing import Any

from paramctl.engine.elementwise import require_value, shape_of
from paramctl.engine.operation import Example, Form, Operation, define
from paramctl.engine.promotion import dtype_name
from paramctl.engine.shapes import show
from paramctl.expression.errors import LanguageError


class Step(Operation):
    """A staircase: its derivative is 0, so it has none; integers stay as they are."""

    def shape(self, x: Any) -> Form:
        require_value(self.name, x)
        return Form(shape_of(x), dtype_name(x))

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        return None

    def examples(self) -> Any:
        return (Example(((2, 3),), smooth=False), Example(([1, 2],), smooth=False))


@define("floor")
class Floor(Step):
    """``y`` = the largest whole number up to x."""

    on_numbers = math.floor

    def value(self, xp: Any, x: Any) -> Any:
        return xp.floor(x), None


@define("ceil")
class Ceil(Step):
    """``y`` = the smallest whole number from x on."""

    on_numbers = math.ceil

    def value(self, xp: Any, x: Any) -> Any:
        return xp.ceil(x), None


@define("round")
class Round(Step):
    """``y`` = the nearest whole number, the even one of two."""

    on_numbers = round

    def value(self, xp: Any, x: Any) -> Any:
        return xp.round(x), None


@define("clip", "clamp")
class Clip(Operation):
    """``y = min(max(x, low), high)``; the gradient passes where x is between the bounds."""

    def shape(self, x: Any, *, low: float, high: float) -> Form:
        if not low <= high:
            raise LanguageError(f"clip needs low <= high, not {low} and {high}")
        return Form(shape_of(x), dtype_name(x))

    def value(self, xp: Any, x: Any, *, low: float, high: float) -> Any:
        return xp.clip(x, low, high), (x >= low) & (x <= high)

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        return xp.where(saved, dy, xp.zeros_like(dy))

    def examples(self) -> Any:
        return (
            Example(((2, 3),), {"low": -0.5, "high": 1.0}),
            Example(([1, 5, 9],), {"low": 2, "high": 7}, smooth=False),
        )


class Triangle(Operation):
    """The elements of the last two axes on one side of a diagonal, 0 on the other."""

    reads = True

    def shape(self, x: Any, *, diagonal: int = 0) -> Form:
        if x.ndim < 2:
            raise LanguageError(f"{self.name} needs two axes, got {show(x.shape)}")
        return Form(x.shape, dtype_name(x))

    def keep(self, rows: Any, columns: Any) -> Any:
        """Where elements stay, by their distance from the diagonal."""
        raise TypeError(f"{type(self).__name__} keeps nothing")

    def value(self, xp: Any, x: Any, *, diagonal: int) -> Any:
        rows = xp.arange(x.shape[-2])[:, None] + diagonal
        kept = self.keep(rows, xp.arange(x.shape[-1])[None, :])
        return xp.where(kept, x, xp.zeros_like(x)), kept

    def derivative(self, xp: Any, saved: Any, dy: Any) -> Any:
        return xp.where(saved, dy, xp.zeros_like(dy))

    def examples(self) -> Any:
        return (Example(((3, 4),)), Example(((2, 3, 3),), {"diagonal": 1}))


@define("tril")
class Lower(Triangle):
    """``y[…, i, j] = x[…, i, j]`` for ``j <= i + diagonal``, 0 elsewhere."""

    def keep(self, rows: Any, columns: Any) -> Any:
        """On and below the diagonal."""
        return columns <= rows


@define("triu")
class Upper(Triangle):
    """``y[…, i, j] = x[…, i, j]`` for ``j >= i + diagonal``, 0 elsewhere."""

    def keep(self, rows: Any, columns: Any) -> Any:
        """On and above the diagonal."""
        return columns >= rows
