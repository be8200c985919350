"""Strict JSON: no bare NaN, ASCII only, one row a line."""

import json
import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

AT_ONCE = 256  # lines that are written together
_SEPARATORS = (", ", ": ")
_BETWEEN = ",\n    "  # lines

encode_text: Callable[[str], str] = json.encoder.encode_basestring_ascii
_encode = json.JSONEncoder(separators=_SEPARATORS, allow_nan=False).encode


class Encoded:
    """A list of objects that are JSON already, for whoever has many alike.

    Attributes:
        joined: their texts, some hundred at a time, with what is given between each two.
    """

    def __init__(self, joined: Callable[[str], Iterator[str]]) -> None:
        self.joined = joined


def encode(value: Any) -> str:
    """A value as JSON on one line.

    NaN and the infinities become the strings ``NaN``, ``Infinity``, ``-Infinity``; a complex
    number ``[re, im]``; NumPy's numbers and arrays what they hold; paths and lone surrogates
    their escaped text.
    """
    try:
        return _encode(value)
    except (TypeError, ValueError):
        return _encode(strict(value))


def strict(value: Any) -> Any:
    """The value in the types that JSON has.

    Raises:
        TypeError: it is of no type that a report may hold.
    """
    match value:
        case None | bool() | str():
            return value
        case int():
            return int(value)
        case float():
            if math.isfinite(value):
                return float(value)
            return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
        case complex():
            return [strict(value.real), strict(value.imag)]
        case Mapping():
            return {str(key): strict(item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset() | range():
            return [strict(item) for item in value]
        case os.PathLike():
            return os.fspath(value)
    if hasattr(value, "tolist"):  # NumPy's arrays and numbers, without naming NumPy
        return strict(value.tolist())
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def document(verb: str, payload: Mapping[str, Any]) -> Iterator[str]:
    """The pieces of a JSON object that begins with its schema; lists of objects a line each."""
    yield "{\n  " + f'"schema": "paramctl/{verb}/1"'
    for key, value in payload.items():
        yield f",\n  {encode(str(key))}: "
        yield from _member(value)
    yield "\n}\n"


def _member(value: Any) -> Iterator[str]:
    if isinstance(value, Encoded):
        yield from _block("[", value.joined(_BETWEEN), "]")
    elif isinstance(value, Mapping) and any(isinstance(item, Mapping) for item in value.values()):
        lines = (f"{encode(str(key))}: {encode(item)}" for key, item in value.items())
        yield from _block("{", _batches(lines), "}")
    elif isinstance(value, list | tuple) and any(isinstance(item, Mapping) for item in value):
        yield from _block("[", _batches(map(encode, value)), "]")
    else:
        yield encode(value)


def _batches(lines: Iterator[str]) -> Iterator[str]:
    while some := list(islice(lines, AT_ONCE)):
        yield _BETWEEN.join(some)


def _block(opening: str, batches: Iterable[str], closing: str) -> Iterator[str]:
    yield opening
    separator = _BETWEEN[1:]
    for lines in batches:
        yield separator + lines
        separator = _BETWEEN
    yield f"\n  {closing}"
