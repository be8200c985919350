"""The one rename that would bring most names of a checkpoint to those of a spec.

A missing name and an unexpected one of the same shape are cut at their common first and last
segments; what differs between is a rule. Rules are tried on all names, and the best is told.
"""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from paramctl.binding.bind import Binding
from paramctl.engine.shapes import differ

_PROBES = 48
_CANDIDATES = 4_000


@dataclass(frozen=True)
class Rename:
    """``old`` becomes ``new`` at the front of a name, or anywhere inside it.

    Attributes:
        old, new: runs of segments; either may be empty at the front.
        at_front: whether the run must be the beginning of the name.
    """

    old: tuple[str, ...]
    new: tuple[str, ...]
    at_front: bool

    @property
    def rule(self) -> str:
        """The rule as ``paramctl rename`` takes it."""
        old, new = ".".join(self.old), ".".join(self.new)
        if not self.at_front:
            return f"{{head**}}.{old}.{{tail**}}={{head**}}.{new}.{{tail**}}"
        return f"{old}={new}" if old else f"{{name**}}={new}.{{name**}}"

    def apply(self, name: str) -> str:
        """The new name; the old one where the rule does not concern it."""
        parts = tuple(name.split("."))
        count = len(self.old)
        if self.at_front:
            hit = parts[:count] == self.old and len(parts) > count
            return ".".join((*self.new, *parts[count:])) if hit else name
        for start in range(len(parts) - count, 0, -1):
            if parts[start : start + count] == self.old:
                return ".".join((*parts[:start], *self.new, *parts[start + count :]))
        return name


@dataclass(frozen=True)
class Suggestion:
    """A rename, and how many of the missing names it would supply."""

    rename: Rename
    supplied: int

    def command(self, model: str) -> str:
        """What to type."""
        return f"paramctl rename {shlex.quote(model)} {shlex.quote(self.rename.rule)} -o OUT"


def suggest(binding: Binding) -> Suggestion | None:
    """The rename that supplies most missing names and takes no tensor from its place."""
    missing = set(binding.missing)
    spare = set(binding.unexpected) | set(binding.leftovers)
    votes = Counter(_candidates(binding))
    ranked: list[tuple[int, int, Rename]] = []
    for rename, count in votes.most_common(24):
        supplied = _supplied(rename, binding, missing, spare)
        if supplied:
            ranked.append((supplied, count, rename))
    if not ranked:
        return None
    best = max(ranked, key=lambda found: (found[0], found[1], found[2].at_front))
    return Suggestion(best[2], best[0])


def _supplied(rename: Rename, binding: Binding, missing: set[str], spare: set[str]) -> int:
    """How many missing names a rename gives; 0 when it also moves a tensor that was in place."""
    for stored in binding.names.values():
        if rename.apply(stored) != stored:
            return 0
    return len({rename.apply(name) for name in spare} & missing)


def _candidates(binding: Binding) -> Iterator[Rename]:
    shapes = {name: parameter.shape for name, parameter in binding.module.named_parameters()}
    manifest = binding.source.manifest
    spare = [manifest[name] for name in binding.unexpected[:_CANDIDATES]]
    for name in _spread(binding.missing):
        for entry in spare:
            if _alike(shapes.get(name, ()), entry.shape):
                yield from _difference(entry.name, name)


def _spread(names: Sequence[str]) -> Sequence[str]:
    """Some of the names, from all over the model."""
    return names[:: max(1, len(names) // _PROBES)]


def _alike(wanted: Sequence[object], found: Sequence[object]) -> bool:
    pairs = zip(wanted, found, strict=False)
    return len(wanted) == len(found) and not any(differ(a, b) for a, b in pairs)  # type: ignore[arg-type]


def _difference(old: str, new: str) -> Iterator[Rename]:
    """What turns ``old`` into ``new``, when it is one run of segments."""
    a, b = old.split("."), new.split(".")
    head = 0
    while head < min(len(a), len(b)) and a[head] == b[head]:
        head += 1
    tail = 0
    while tail < min(len(a), len(b)) - head and a[-1 - tail] == b[-1 - tail]:
        tail += 1
    left, right = tuple(a[head : len(a) - tail]), tuple(b[head : len(b) - tail])
    if head == 0 and tail:
        yield Rename(left, right, at_front=True)
    elif head and left and right:
        yield Rename(left, right, at_front=False)
