"""Numbered layers: where a checkpoint has them, and a list of them such as ``0..23,8..31``.

LIST = part ("," part)*      part = INT | [INT] ".." [INT]

Both ends of a range are included; negative numbers count from the last layer.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

from paramctl.errors import UsageError
from paramctl.manifest import Entry, Manifest
from paramctl.names import layer_segment, natural_order, near, show

_PART = re.compile(r"\s*(?P<low>-?\d{1,9})?\s*(?P<range>\.\.)?\s*(?P<high>-?\d{1,9})?\s*")
_MOST = 100_000


class Container(NamedTuple):
    """A module whose children have numbers.

    Attributes:
        path: its name, empty for the model itself.
        layers: number of a child to the entries below it, in order.
    """

    path: str
    layers: dict[int, list[Entry]]

    def rest(self, name: str) -> str:
        """What follows the number in a name below it."""
        return self._inside(name).partition(".")[2]

    def name(self, number: int, rest: str) -> str:
        """The full name of a tensor in a layer."""
        return ".".join(part for part in (self.path, str(number), rest) if part)

    def number(self, name: str) -> int | None:
        """The layer that a name is in; ``None`` for others."""
        if self.path and not name.startswith(f"{self.path}."):
            return None
        segment = self._inside(name).partition(".")[0]
        return int(segment) if segment.isascii() and segment.isdecimal() else None

    def _inside(self, name: str) -> str:
        return name[len(self.path) + 1 :] if self.path else name


def find_container(manifest: Manifest, path: str | None = None) -> Container:
    """The container of a path (``.`` is the model itself), or the only one there is.

    Raises:
        UsageError: there is none, or several and nobody says which.
    """
    paths = containers(manifest)
    if path is None:
        if not paths:
            raise UsageError("no tensor belongs to a numbered layer")
        if len(paths) > 1:
            raise UsageError(
                f"there are {len(paths)} containers of numbered layers: "
                + ", ".join(show(found) or "." for found in paths),
                hint=f"say which: --at {show(paths[0]) or '.'}",
            )
        path = paths[0]
    found = Container("" if path == "." else path, {})
    for entry in manifest:
        number = found.number(entry.name)
        if number is not None:
            found.layers.setdefault(number, []).append(entry)
    if not found.layers:
        similar = near(path, paths) or paths
        hint = f"containers: {', '.join(show(name) or '.' for name in similar)}" if similar else ""
        raise UsageError(f"'{show(path)}' holds no numbered layers", hint=hint)
    return found


def containers(manifest: Manifest) -> list[str]:
    """The paths before the first number of the names, in natural order."""
    segments = (layer_segment(entry.name) for entry in manifest)
    return natural_order({segment[0] for segment in segments if segment})


def parse_layers(text: str, numbers: Iterable[int]) -> tuple[int, ...]:
    """The numbers that a list means, in its order.

    Args:
        numbers: the layers that there are.

    Raises:
        UsageError: it can't be read, or a layer is not there.
    """
    known = sorted(numbers)
    found: list[int] = []
    for part in text.split(","):
        found += _range(part, known)
        if len(found) > _MOST:
            raise UsageError(f"more than {_MOST:,} layers")
    missing = sorted(set(found) - set(known))
    if missing:
        raise UsageError(f"there is no layer {missing[0]}", hint=f"layers are {_span(known)}")
    return tuple(found)


def _range(part: str, known: list[int]) -> range:
    match = _PART.fullmatch(part)
    if match is None or not part.strip() or (match["high"] and not match["range"]):
        raise UsageError(
            f"'{show(part)}' is no layer", hint="a list is like 0..23,8..31 or 0,2,4 or -4..-1"
        )
    low = _number(match["low"], known, known[0])
    high = _number(match["high"], known, known[-1]) if match["range"] else low
    if high < low:
        raise UsageError(
            f"'{show(part)}' is empty: {high} comes before {low}",
            hint="another order is spelled out: 2,1,0",
        )
    if high - low > _MOST:
        raise UsageError(f"there is no layer {high}", hint=f"layers are {_span(known)}")
    return range(low, high + 1)


def _number(text: str | None, known: list[int], default: int) -> int:
    number = default if text is None else int(text)
    if number < 0:
        number += known[-1] + 1
        if number < 0:
            raise UsageError(f"there is no layer {text}", hint=f"layers are {_span(known)}")
    return number


def _span(known: list[int]) -> str:
    if known == list(range(known[0], known[-1] + 1)):
        return f"{known[0]}..{known[-1]}"
    return ", ".join(map(str, known))
