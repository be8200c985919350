"""What the language may touch: plain values, arrays, and objects that opt in by their methods.

- ``language_attribute(name)`` for ``x.name``, ``language_item(index)`` for ``x[index]``;
- ``language_call(*args, **kw)`` for ``x(…)``, and ``language_form(run, node)`` for the same
  with its arguments not evaluated yet;
- ``language_items()`` for ``for y in x`` and ``len(x)``;
- ``language_condition()`` for ``while x``: true, false, or ``None`` where only shapes are known.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from typing import Any

from paramctl.expression.errors import LanguageError


class Function:
    """A function as a value of the language: it can be called and passed on, nothing else."""

    __slots__ = ("name", "python")

    def __init__(self, name: str, python: Callable[..., Any]) -> None:
        self.name = name
        self.python = python

    def __repr__(self) -> str:
        return self.name

    def language_call(self, *given: Any, **named: Any) -> Any:
        """Call it.

        Raises:
            LanguageError: it takes other arguments.
        """
        try:
            return self.python(*given, **named)
        except TypeError:
            problem = _misfit(self.python, given, named)
            if problem:
                raise LanguageError(f"{self.name}: {problem}") from None
            raise


def _misfit(function: Callable[..., Any], given: Any, named: Any) -> str:
    """Why the arguments don't fit the signature; empty when they do."""
    try:
        inspect.signature(function).bind(*given, **named)
    except TypeError as error:
        return str(error)
    except ValueError:
        return "these arguments don't fit"
    return ""


def opts_in(value: Any, method: str) -> bool:
    """Whether a value's type has a method of the protocol above."""
    return hasattr(type(value), method)


def is_array(value: Any) -> bool:
    """Whether it is a NumPy array or scalar; nothing is imported to find out."""
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(value, numpy.ndarray | numpy.generic)


def is_number(value: Any) -> bool:
    """Whether it is a Python number, truth values included."""
    return isinstance(value, int | float | complex)


def describe(value: Any) -> str:
    """What a value is, for a message: ``a text``, ``3 (int)``."""
    match value:
        case None:
            return "None"
        case str():
            return f"the text {value!r}" if len(value) < 40 else "a text"
        case tuple() | list():
            return f"a {type(value).__name__}"
        case dict():
            return "a map"
        case bool() | int() | float() | complex():
            return f"{value} ({type(value).__name__})"
        case slice():
            return "a slice"
        case Function():
            return f"the function {value.name}"
    return "an array" if is_array(value) else f"{value}"


def item(value: Any, index: Any) -> Any:
    """``value[index]`` of a tuple, a list, or an object that opts in.

    Raises:
        LanguageError: it can't be indexed, or there is no such place.
    """
    if opts_in(value, "language_item"):
        return value.language_item(index)
    if not isinstance(value, tuple | list):
        raise LanguageError(f"{describe(value)} can't be indexed")
    if isinstance(index, bool) or not isinstance(index, int | slice):
        raise LanguageError(
            f"{describe(value)} is indexed by a whole number, not {describe(index)}"
        )
    try:
        return value[index]
    except (IndexError, TypeError, ValueError):
        raise LanguageError(f"no place {index} in {len(value)} values") from None


def attribute(value: Any, name: str) -> Any:
    """``value.name`` of an object that opts in.

    Raises:
        LanguageError: it doesn't.
    """
    if opts_in(value, "language_attribute"):
        return value.language_attribute(name)
    raise LanguageError(f"{describe(value)} has no attributes")


def call(value: Any, given: list[Any], named: dict[str, Any]) -> Any:
    """``value(…)`` of an object that opts in.

    Raises:
        LanguageError: it doesn't.
    """
    if opts_in(value, "language_call"):
        return value.language_call(*given, **named)
    raise LanguageError(f"{describe(value)} can't be called")


def items(value: Any) -> list[Any]:
    """What a loop over it meets.

    Raises:
        LanguageError: it has no parts.
    """
    if opts_in(value, "language_items"):
        return list(value.language_items())
    if isinstance(value, tuple | list):
        return list(value)
    raise LanguageError(f"{describe(value)} has no parts to go through")
