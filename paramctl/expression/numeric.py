"""The language over numbers and NumPy arrays: ``set``, ``--where`` and ``expr:`` schemes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from paramctl.expression.parse import Code

_UFUNCS = {
    "abs": "abs", "minimum": "minimum", "maximum": "maximum", "sqrt": "sqrt", "exp": "exp",
    "log": "log", "log2": "log2", "log10": "log10", "tanh": "tanh", "sin": "sin", "cos": "cos",
    "floor": "floor", "ceil": "ceil", "round": "rint", "trunc": "trunc", "sign": "sign",
    "isnan": "isnan", "isinf": "isinf", "isfinite": "isfinite", "clip": "clip", "where": "where",
}  # fmt: skip
_CONSTANTS = {"pi": 3.141592653589793, "inf": float("inf"), "nan": float("nan")}


def numeric_names() -> list[str]:
    """Functions and constants that every numeric text may use, sorted."""
    return sorted([*_UFUNCS, *_CONSTANTS])


def evaluate_numbers(
    code: Code,
    scope: Mapping[str, Any],
    functions: Mapping[str, Callable[..., Any]] | None = None,
) -> Any:
    """The value over numbers and arrays; overflow and division by zero give Inf and NaN.

    Args:
        scope: names to numbers or arrays, such as ``x``.
        functions: further functions, such as the draws of a scheme.

    Raises:
        ParamctlError: of the place's kind, with the place underlined.
    """
    import numpy as np

    table = {name: _ufunc(np, name, spelled) for name, spelled in _UFUNCS.items()}
    with np.errstate(all="ignore"):
        return code.evaluate({**_CONSTANTS, **scope}, {**table, **(functions or {})})


def _ufunc(np: Any, name: str, spelled: str) -> Callable[..., Any]:
    """The NumPy function under its name here, for arrays and numbers only."""
    from paramctl.expression.errors import LanguageError
    from paramctl.expression.values import describe, is_array, is_number

    function = getattr(np, spelled)
    count = {"where": 3, "clip": 3, "minimum": 2, "maximum": 2}.get(name, 1)

    def apply(*given: Any) -> Any:
        if len(given) != count:
            raise LanguageError(f"{name} takes {count} values, not {len(given)}")
        for value in given:
            if not (is_array(value) or is_number(value)):
                raise LanguageError(f"{name} is for numbers, not {describe(value)}")
        try:
            return function(*given)
        except (TypeError, ValueError) as error:
            raise LanguageError(f"{name}: {error}") from None

    return apply
