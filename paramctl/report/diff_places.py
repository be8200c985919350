"""The changes at one place of several layers taken together, as one thing to tell."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from paramctl.diff.change import Change
from paramctl.figures.comparison import Comparison
from paramctl.names import natural_key
from paramctl.report.patterns import grouped
from paramctl.report.values import shape_text

_MOST_CASTS = 4  # places that are told one by one
_FAR = 4  # times as much change as in another layer is worth telling where
_NUMBER = re.compile(r"\d[\d,.]*(e[+-]\d+)?")


@dataclass(frozen=True)
class Place:
    """Changes of one status whose names differ in numbers only.

    Attributes:
        title: the name, or a selection of all names.
        members: at least one.
    """

    title: str
    members: tuple[Change, ...]

    @property
    def status(self) -> str:
        """The status of all of them."""
        return self.members[0].status

    @property
    def counted(self) -> str:
        """The status with how many there are, if more than one: ``6 changed``."""
        count = len(self.members)
        return f"{count:,} {self.status}" if count > 1 else self.status

    @property
    def weight(self) -> float:
        """The size of the largest change."""
        return max(change.weight for change in self.members)

    @property
    def to(self) -> str:
        """What all of them are called now, if one selection stands for that; else nothing."""
        names = [change.to for change in self.members if change.to is not None]
        groups = grouped(names, [0] * len(names))
        return groups[0].title if len(groups) == 1 else ""

    @property
    def became(self) -> str:
        """What became of dtype or shape, the same for all; nothing where that is not the point."""
        before, after = self.members[0].before, self.members[0].after
        if self.status in ("added", "removed") and (side := after or before):
            return f"{side.dtype} {shape_text(side.shape)}"
        if self.status == "reshaped" and before and after:
            return f"{shape_text(before.shape)} to {shape_text(after.shape)}"
        if self.status in ("cast", "retyped") and before and after:
            return f"{before.dtype} to {after.dtype}"
        return ""

    @property
    def figures(self) -> list[Comparison]:
        """Of all members; nothing where one has none, or where they are of no meaning."""
        found = [change.figures for change in self.members if change.figures is not None]
        is_told = all(one.differing is not None for one in found)
        is_whole = len(found) == len(self.members)
        return found if is_told and is_whole and self.status != "cast" else []

    @property
    def differing(self) -> int | None:
        """How many elements differ."""
        return sum(one.differing or 0 for one in self.figures) if self.figures else None

    @property
    def numel(self) -> int:
        """Of how many."""
        return sum(one.numel for one in self.figures)

    @property
    def share(self) -> str:
        """Differing elements in percent; 100% is all of them."""
        return "" if self.differing is None else percent(self.differing, self.numel)

    @property
    def max_abs(self) -> float | int | None:
        """The largest difference of all."""
        found = max((one.max_abs for one in self.figures if one.max_abs is not None), default=None)
        return found if found or not self.special else None

    @property
    def relative(self) -> str:
        """The smallest and the largest relative size, and where that is when it stands out."""
        sizes = [
            (one.rel_l2, place) for place, one in enumerate(self.figures) if one.rel_l2 is not None
        ]
        if not sizes or (self.special and not max(sizes)[0]):
            return ""
        low, high = min(sizes), max(sizes)
        if len(sizes) == 1 or f"{low[0]:.2g}" == f"{high[0]:.2g}":
            return f"{high[0]:.3g}"
        numbers = [part for part in self.members[high[1]].name.split(".") if part.isdecimal()]
        where = f" (layer {numbers[0]})" if numbers and high[0] > _FAR * low[0] else ""
        return f"{low[0]:.2g} to {high[0]:.2g}{where}"

    @property
    def special(self) -> str:
        """How many NaN and infinities there are where that is another number than before."""
        told = []
        for key, word in (("nan", "NaN"), ("inf", "Inf")):
            before, after = (
                sum(getattr(one, key)[side] for one in self.figures) for side in (0, 1)
            )
            if before != after:
                told.append(f"{after:,} {word}{f' instead of {before:,}' * bool(before)}")
        return ", ".join(told)

    @property
    def explanation(self) -> str:
        """What explains them, in order of their names: the first two kinds of explanation."""
        ordered = sorted(self.members, key=lambda one: natural_key(one.name))
        kinds = list(dict.fromkeys(one.explanation for one in ordered if one.explanation))
        return "; ".join([*kinds[:2], *("…" for _ in kinds[2:3])])


def _forms(change: Change) -> object:
    """Dtypes and shapes on both sides, of changes that are about them."""
    if change.status in ("changed", "renamed"):
        return None
    if change.status == "retied":
        return change.explanation
    if change.status == "cast":
        return change.before and change.before.dtype, change.after and change.after.dtype
    return change.before and change.before[1:3], change.after and change.after[1:3]


def _kind(change: Change) -> object:
    """What changes that are told together have in common, besides their names."""
    figures = change.figures
    broken = figures and (len(set(figures.nan)) > 1, len(set(figures.inf)) > 1)
    explained = _NUMBER.sub("#", change.explanation)
    return change.status, broken, change.to is None, _forms(change), explained


def percent(count: int, total: int) -> str:
    """A share in three figures that never claims all for less than all."""
    text = f"{100 * count / max(total, 1):.3g}%"
    return ">99.9%" if text == "100%" and count < total else text


def places(changes: Sequence[Change]) -> list[Place]:
    """Changes by place, in the order of the first of each."""
    found = [
        Place(group.title, tuple(changes[number] for number in group.places))
        for group in grouped([change.name for change in changes], list(map(_kind, changes)))
    ]
    return [*(place for place in found if place.status != "cast"), *_casts(found)]


def _casts(found: Sequence[Place]) -> list[Place]:
    """The casts, of which there is nothing to tell but the dtypes; many of one kind as one."""
    kinds: dict[str, list[Place]] = {}
    for place in found:
        if place.status == "cast":
            kinds.setdefault(place.became, []).append(place)
    return [
        place
        for same in kinds.values()
        for place in (same if len(same) <= _MOST_CASTS else [_together(same)])
    ]


def _together(found: Sequence[Place]) -> Place:
    members = tuple(change for place in found for change in place.members)
    return Place(f"{len(found):,} places", members)
