"""Expectations from a YAML file, a list of maps; every mistake in it has a line and column.

- select: '*_proj.weight'     # a selection or a list of them; left out: every tensor
  count: 48                   # or 1..4, 1.., ..4
  dtype: BF16                 # or a list of those allowed
  shape: [384, any]
  where: absmax < 10 and nan == 0
  severity: warning           # error if left out
  hint: ask the training team
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

from paramctl.check.expectation import Count, Expectation
from paramctl.check.finding import Severity
from paramctl.dtypes import parse_dtype
from paramctl.errors import SelectionError, UsageError
from paramctl.figures.condition import condition_of
from paramctl.manifest import Shape
from paramctl.select.grammar import parse
from paramctl.spec.nodes import Node, Scalar, Sequence, expect_map, expect_scalar, texts
from paramctl.spec.yaml import read_yaml

_RANGE = re.compile(r"(\d{1,18})?\.\.(\d{1,18})?")
_ANY = ("any", "null", "~")


def read_expectations(path: Path) -> tuple[Expectation, ...]:
    """The expectations of a file, in its order.

    Raises:
        SpecError: the file is missing or no such list, at the place of the mistake.
    """
    document = read_yaml(path, what="file of rules")
    if not isinstance(document, Sequence) or not document.items:
        raise document.mistake("rules are a list of maps, such as - select: '**.weight'")
    return tuple(map(_expectation, document))


def _expectation(node: Node) -> Expectation:
    body = expect_map(node, "a rule")
    body.require_keys(("select", "severity", "hint", *_READERS), "a rule")
    given: dict[str, Any] = {}
    for key, (field, read) in _READERS.items():
        value = body.get(key)
        if value is not None:
            given[field] = read(value)
    selections = body.get("select")
    if not given and selections is None:
        raise node.mistake("a rule needs a selection or something to expect")
    hint = body.get("hint")
    return Expectation(
        select=_selections(selections),
        where=node.place.short,
        severity=_severity(body.get("severity")),
        hint=expect_scalar(hint, "a hint").text if hint else "",
        **given,
    )


def _selections(node: Node | None) -> tuple[str, ...]:
    found = texts(node, "a selection")
    parts = node.items if isinstance(node, Sequence) else (node,)
    for text, part in zip(found, parts, strict=False):
        if text.startswith("@"):
            raise _mistake(part, "a selection in a file can't read another file")
        try:
            parse(text)
        except SelectionError as error:
            # An exact name need not be a selection; its brackets and blanks are its own.
            if not re.search(r"[\s\[\]]", text):
                raise _mistake(part, error.problem.split("\n")[0], error.hint) from None
    return found


def _severity(node: Node | None) -> Severity:
    if node is None:
        return "error"
    text = expect_scalar(node, "a severity").text
    for known in get_args(Severity):
        if text == known:
            return known  # type: ignore[no-any-return]
    raise node.mistake(f"a severity is {', '.join(get_args(Severity))}, not '{text}'")


def _count(node: Node) -> Count:
    scalar = expect_scalar(node, "a count")
    if isinstance(scalar.value, int) and not isinstance(scalar.value, bool) and scalar.value >= 0:
        return scalar.value, scalar.value
    match = _RANGE.fullmatch(scalar.text)
    if match is None:
        raise scalar.mistake("a count is a number such as 4, or a range such as 1..4")
    fewest, most = int(match[1] or 0), int(match[2]) if match[2] else None
    if most is not None and most < fewest:
        raise scalar.mistake("the range ends before it begins")
    return fewest, most


def _dtypes(node: Node) -> tuple[str, ...]:
    found = []
    for part in node.items if isinstance(node, Sequence) else (node,):
        scalar = expect_scalar(part, "a dtype")
        try:
            found.append(parse_dtype(scalar.text).name)
        except UsageError as error:
            raise scalar.mistake(error.problem, error.hint) from None
    return tuple(found)


def _shape(node: Node) -> Shape:
    if not isinstance(node, Sequence):
        raise node.mistake("a shape is a list of sizes such as [384, any]")
    return tuple(_size(expect_scalar(part, "a size")) for part in node)


def _size(scalar: Scalar) -> int | None:
    if scalar.text in _ANY:
        return None
    size = scalar.value
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise scalar.mistake("a size is a whole number, or any")
    return size


def _mistake(node: Node | None, problem: str, hint: str = "") -> Exception:
    assert node is not None  # only a selection that stands somewhere can be wrong
    return node.mistake(problem, hint)


_READERS: dict[str, tuple[str, Callable[[Node], Any]]] = {
    "count": ("count", _count),
    "dtype": ("dtypes", _dtypes),
    "shape": ("shape", _shape),
    "where": ("condition", lambda node: condition_of(expect_scalar(node, "a condition").code())),
}
