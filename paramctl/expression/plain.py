"""The few functions on plain values that every text of the language may call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from paramctl.expression.errors import LanguageError
from paramctl.expression.limits import LONGEST_LIST, MOST_ROUNDS
from paramctl.expression.values import describe, is_number, items


def _len(value: Any) -> int:
    return len(items(value))


def _range(*bounds: Any) -> tuple[int, ...]:
    if not 1 <= len(bounds) <= 3:
        raise LanguageError("range takes one to three whole numbers")
    for bound in bounds:
        if isinstance(bound, bool) or not isinstance(bound, int):
            raise LanguageError(f"range takes whole numbers, not {describe(bound)}")
    if len(bounds) == 3 and bounds[2] == 0:
        raise LanguageError("the step of a range can't be 0")
    numbers = range(*bounds)
    if abs(bounds[0]) > 2**62 or len(numbers) > MOST_ROUNDS:
        raise LanguageError(f"a range of more than {MOST_ROUNDS} numbers")
    return tuple(numbers)


def _enumerate(value: Any) -> tuple[tuple[int, Any], ...]:
    return tuple(enumerate(items(value)))


def _zip(*values: Any) -> tuple[tuple[Any, ...], ...]:
    lists = [items(value) for value in values]
    if len({len(one) for one in lists}) > 1:
        raise LanguageError(f"zip of {', '.join(str(len(one)) for one in lists)} values")
    return tuple(zip(*lists, strict=True))


def _int(value: Any) -> int:
    try:
        return int(_number("int", value))
    except (OverflowError, ValueError):
        raise LanguageError(f"{value} is no whole number") from None


def _float(value: Any) -> float:
    return float(_number("float", value))


def _list(value: Any) -> list[Any]:
    found = items(value)
    if len(found) > LONGEST_LIST:
        raise LanguageError(f"a list of more than {LONGEST_LIST} values")
    return found


def _number(name: str, value: Any) -> Any:
    if isinstance(value, complex) or value is None or isinstance(value, str | list | tuple | dict):
        raise LanguageError(f"{name} takes a number, not {describe(value)}")
    if is_number(value) or hasattr(type(value), "__float__"):
        return value
    raise LanguageError(f"{name} takes a number, not {describe(value)}")


PLAIN: dict[str, Callable[..., Any]] = {
    "len": _len,
    "range": _range,
    "enumerate": _enumerate,
    "zip": _zip,
    "int": _int,
    "float": _float,
    "list": _list,
}
