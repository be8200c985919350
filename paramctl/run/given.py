"""What ``--input`` says: where the values of an input come from.

    input  = NAME "=" what
    what   = [FILL ":"] shape | "[" numbers, nested like JSON "]" | FILE
    FILL   = "ones" | "zeros" | "random"
    shape  = INT ("x" INT)*
    FILE   = a path to a .npy or a .safetensors file

A file whose name reads as a shape is written with its folder: ``./2x20``.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from paramctl.errors import UsageError
from paramctl.names import near, show

_SHAPE = re.compile(r"\d+(?:x\d+)*")
_LIKE_SHAPE = re.compile(r"\d+(?:\s*[,*X]\s*\d+)+|\(.*\)")
_FILLS = ("ones", "zeros", "random")
_LARGEST = 1 << 31
_USAGE = "NAME=FILE.npy, NAME=2x20, NAME=ones:2x20 or NAME=[1,2,3]"

Kind = Literal["random", "ones", "zeros", "values", "file"]


@dataclass(frozen=True)
class Given:
    """Where an input's values come from.

    Attributes:
        shape: of ``random``, ``ones`` and ``zeros``.
        values: the numbers of ``values``, nested lists.
        path: of ``file``.
    """

    kind: Kind
    shape: tuple[int, ...] = ()
    values: Any = None
    path: Path = Path()


def parse_inputs(texts: list[str]) -> dict[str, Given]:
    """Every ``--input`` by its name.

    Raises:
        UsageError: one can't be read, or a name is given twice.
    """
    given: dict[str, Given] = {}
    for text in texts:
        name, equals, what = text.partition("=")
        if not equals or not name:
            raise UsageError(f"--input {show(text)} names no input", hint=f"write {_USAGE}")
        if name in given:
            raise UsageError(f"the input '{show(name)}' is given twice")
        given[name] = parse_given(name, what)
    return given


def parse_given(name: str, text: str) -> Given:
    """One input from the text behind its name.

    Raises:
        UsageError: it is none of the forms.
    """
    fill, colon, rest = text.partition(":")
    if colon and fill in _FILLS:
        return Given(fill, parse_shape(rest))  # type: ignore[arg-type]
    if _SHAPE.fullmatch(text):
        return Given("random", parse_shape(text))
    if text.startswith("["):
        return Given("values", values=_numbers(name, text))
    if _LIKE_SHAPE.fullmatch(text):
        sizes = "x".join(re.findall(r"\d+", text))
        raise UsageError(
            f"'{show(text)}' is no shape", where=f"--input {show(name)}", hint=f"write {sizes}"
        )
    return _file(name, text)


def parse_shape(text: str) -> tuple[int, ...]:
    """``2x20`` as ``(2, 20)``.

    Raises:
        UsageError: it isn't one, or has more elements than anything could hold.
    """
    if not _SHAPE.fullmatch(text):
        raise UsageError(f"'{show(text)}' is no shape", hint="write sizes with an x, as in 2x20")
    shape = tuple(int(size) for size in text.split("x") if len(size) < 19)
    if len(shape) != text.count("x") + 1 or math.prod(shape) > _LARGEST:
        raise UsageError(f"the shape {show(text)} is too large for an input")
    return shape


def _numbers(name: str, text: str) -> Any:
    where = f"--input {show(name)}"
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        raise UsageError(
            f"'{show(text)}' is no list of numbers", where=where, hint="write [1,2,3] or [[1],[2]]"
        ) from None
    flat = [values]
    while flat:
        value = flat.pop()
        if isinstance(value, list):
            flat += value
        elif not isinstance(value, bool | int | float):
            shown = show(json.dumps(value))
            raise UsageError(f"{shown} is no number", where=where, hint="write [1,2,3]")
    return values


def _file(name: str, text: str) -> Given:
    path = Path(text)
    if path.is_file():
        return Given("file", path=path)
    where = f"--input {show(name)}"
    if path.exists():
        raise UsageError(f"{show(text)} is no file", where=where, hint=f"write {_USAGE}")
    fill = text.partition(":")[0]
    similar = near(fill, _FILLS, 1) if ":" in text else []
    hint = f"did you mean {similar[0]}?" if similar else f"write {_USAGE}"
    raise UsageError(f"no such file: {show(text)}", where=where, hint=hint)
