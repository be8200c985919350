"""Arithmetic, comparison and truth, bounded so that no result can grow out of hand."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any

from paramctl.expression.errors import LanguageError
from paramctl.expression.limits import LARGEST_EXPONENT, LARGEST_INTEGER, LONGEST_LIST
from paramctl.expression.values import Function, describe, is_array, is_number, items, opts_in

Binary = Callable[[Any, Any], Any]

_BINARY: dict[type[ast.operator], tuple[str, Binary]] = {
    ast.Add: ("+", operator.add),
    ast.Sub: ("-", operator.sub),
    ast.Mult: ("*", operator.mul),
    ast.Div: ("/", operator.truediv),
    ast.FloorDiv: ("//", operator.floordiv),
    ast.Mod: ("%", operator.mod),
    ast.Pow: ("**", operator.pow),
    ast.MatMult: ("@", operator.matmul),
    ast.BitAnd: ("&", operator.and_),
    ast.BitOr: ("|", operator.or_),
}
_UNARY: dict[type[ast.unaryop], tuple[str, Callable[[Any], Any]]] = {
    ast.USub: ("-", operator.neg),
    ast.UAdd: ("+", operator.pos),
    ast.Invert: ("~", operator.invert),
}
_ORDER: dict[type[ast.cmpop], tuple[str, Binary]] = {
    ast.Eq: ("==", operator.eq),
    ast.NotEq: ("!=", operator.ne),
    ast.Lt: ("<", operator.lt),
    ast.LtE: ("<=", operator.le),
    ast.Gt: (">", operator.gt),
    ast.GtE: (">=", operator.ge),
}


def binary(kind: type[ast.operator], left: Any, right: Any) -> Any:
    """``left + right`` and its like.

    Raises:
        LanguageError: the operands don't fit, or the result is too large.
    """
    sign, function = _BINARY[kind]
    if kind is ast.Add and type(left) is type(right) and isinstance(left, list | tuple):
        return _joined(left, right)
    for value in (left, right):
        _require_operand(sign, value)
    if kind is ast.Pow and isinstance(left, int) and isinstance(right, int):
        _bound_power(right)
    if opts_in(left, "language_attribute") or opts_in(right, "language_attribute"):
        return function(left, right)
    try:
        return bounded(function(left, right))
    except (ArithmeticError, ValueError) as error:
        raise LanguageError(f"{left} {sign} {right}: {str(error).lower()}") from None
    except TypeError:
        raise LanguageError(f"{sign} is not for {describe(left)} and {describe(right)}") from None


def unary(kind: type[ast.unaryop], value: Any) -> Any:
    """``-x``, ``+x``, ``~x`` or ``not x``.

    Raises:
        LanguageError: the operand does not fit.
    """
    if kind is ast.Not:
        return ~value.astype(bool) if _has_axes(value) else not truth(value)
    sign, function = _UNARY[kind]
    _require_operand(sign, value)
    if isinstance(value, bool) and kind is ast.Invert:
        return not value
    if kind is ast.UAdd and not _is_plain(value):
        return value
    try:
        return function(value)
    except TypeError:
        if opts_in(value, "language_attribute"):
            raise
        raise LanguageError(f"{sign} is not for {describe(value)}") from None


def compare(kind: type[ast.cmpop], left: Any, right: Any) -> Any:
    """``left < right`` and its like; texts, ``None`` and sequences are only equal or not.

    Raises:
        LanguageError: the two can't be compared.
    """
    if kind in (ast.Is, ast.IsNot):
        if left is not None and right is not None:
            raise LanguageError("'is' compares with None", hint="use ==")
        return (left is right) == (kind is ast.Is)
    if kind in (ast.In, ast.NotIn):
        found = any(truth(compare(ast.Eq, left, part)) for part in items(right))
        return found == (kind is ast.In)
    sign, function = _ORDER[kind]
    if kind not in (ast.Eq, ast.NotEq):
        for value in (left, right):
            _require_operand(sign, value)
    try:
        return function(left, right)
    except (TypeError, ValueError):
        if (_is_plain(left) and _is_plain(right)) or is_array(left) or is_array(right):
            raise LanguageError(
                f"{describe(left)} and {describe(right)} can't be compared by {sign}"
            ) from None
        raise


def truth(value: Any) -> bool:
    """Whether a plain value counts as true; tensors and unknown sizes refuse by themselves.

    Raises:
        LanguageError: an array of several values.
    """
    if _has_axes(value) and value.size != 1:
        raise LanguageError(f"an array of {value.size} values is neither true nor false")
    return bool(value)


def both(left: Any, right: Callable[[], Any]) -> Any:
    """``left and right``; element by element where ``left`` is an array."""
    if _has_axes(left):
        return left.astype(bool) & _as_bool(right())
    return right() if truth(left) else left


def either(left: Any, right: Callable[[], Any]) -> Any:
    """``left or right``; element by element where ``left`` is an array."""
    if _has_axes(left):
        return left.astype(bool) | _as_bool(right())
    return left if truth(left) else right()


def bounded(value: Any) -> Any:
    """The value, unless it is too large to go on with.

    Raises:
        LanguageError: a whole number beyond 2**128 or a list of more than 10,000 values.
    """
    if isinstance(value, int) and abs(value) > LARGEST_INTEGER:
        raise LanguageError("the result is a whole number beyond 2**128")
    if isinstance(value, list | tuple) and len(value) > LONGEST_LIST:
        raise LanguageError(f"the result has more than {LONGEST_LIST} values")
    return value


def _joined(left: Any, right: Any) -> Any:
    if len(left) + len(right) > LONGEST_LIST:
        raise LanguageError(f"the result has more than {LONGEST_LIST} values")
    return left + right


def _bound_power(exponent: int) -> None:
    if abs(exponent) > LARGEST_EXPONENT:
        raise LanguageError(f"an exponent of {describe(exponent)} is more than {LARGEST_EXPONENT}")


def _require_operand(sign: str, value: Any) -> None:
    is_wrong = value is None or isinstance(value, str | dict | list | tuple | slice | Function)
    if is_wrong or value is Ellipsis or opts_in(value, "language_call"):
        raise LanguageError(f"{sign} is not for {describe(value)}")


def _is_plain(value: Any) -> bool:
    return is_number(value) or is_array(value)


def _has_axes(value: Any) -> bool:
    return is_array(value) and hasattr(value, "astype") and value.ndim > 0


def _as_bool(value: Any) -> Any:
    return value.astype(bool) if _has_axes(value) else truth(value)
