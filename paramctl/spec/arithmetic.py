"""Functions on plain numbers, for sizes and defaults; an unknown size absorbs them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from paramctl.engine.unknown import Unknown
from paramctl.expression.errors import LanguageError
from paramctl.expression.values import describe, is_number
from paramctl.spec.sizes import Derived, known


def _absorbing(name: str, function: Callable[..., Any], count: int = 1) -> Callable[..., Any]:
    def apply(*given: Any) -> Any:
        if len(given) != count:
            raise LanguageError(f"{name} takes {count} values, not {len(given)}")
        given = tuple(known(value) for value in given)
        for value in given:
            if isinstance(value, Unknown):
                return Derived(apply, *given)
            if not is_number(value) or isinstance(value, bool | complex):
                raise LanguageError(f"{name} is for numbers, not {describe(value)}")
        try:
            return function(*given)
        except (ArithmeticError, ValueError) as error:
            raise LanguageError(f"{name}: {error}") from None

    return apply


def sizes(value: Any, count: int) -> tuple[Any, ...]:
    """``count`` sizes from one that stands for all, or from a list of as many.

    Raises:
        LanguageError: the list has another length.
    """
    if not isinstance(value, tuple | list):
        return (value,) * count
    if len(value) != count:
        raise LanguageError(f"{count} sizes are needed, found {len(value)}")
    return tuple(value)


def product(values: Any) -> Any:
    """The product of a list of sizes; unknown as soon as one is.

    Raises:
        LanguageError: it is no list.
    """
    if not isinstance(values, tuple | list):
        raise LanguageError(f"product is for a list of sizes, not {describe(values)}")
    total: Any = 1
    for value in values:
        total = total * value
    return total


ARITHMETIC: dict[str, Callable[..., Any]] = {
    "sqrt": _absorbing("sqrt", math.sqrt),
    "exp": _absorbing("exp", math.exp),
    "log": _absorbing("log", math.log),
    "floor": _absorbing("floor", math.floor),
    "ceil": _absorbing("ceil", math.ceil),
    "round": _absorbing("round", round),
    "abs": _absorbing("abs", abs),
    "minimum": _absorbing("minimum", min, 2),
    "maximum": _absorbing("maximum", max, 2),
    "sizes": sizes,
    "product": product,
}
