"""The changes between two checkpoints: one per tensor, and all of them together."""

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from paramctl.figures.comparison import Comparison
from paramctl.manifest import Entry

if TYPE_CHECKING:
    from paramctl.figures.steps_apart import StepsApart

Status = Literal["added", "removed", "changed", "reshaped", "retyped", "cast", "renamed", "retied"]
STATUSES: tuple[Status, ...] = (
    "added", "removed", "changed", "reshaped", "retyped", "cast", "renamed", "retied",
)  # fmt: skip
NEW_VALUES = frozenset({"added", "removed", "changed", "reshaped", "retyped"})


@dataclass(frozen=True)
class Change:
    """One tensor that is not the same in A and B.

    Attributes:
        name: in A; in B for what is added.
        names: every name that shares the tensor, this one first.
        before, after: its entries in A and B, ``None`` where there is none.
        to: the name in B of what was renamed.
        figures: of the values, where both sides have the same number of them.
        counts: whether it is a difference; a cast is none in value mode.
        ulps: how many representable values apart, where that was asked for and can be told.
        explanation: what kind of change it is, where that was asked for and found.
    """

    name: str
    status: Status
    names: tuple[str, ...]
    before: Entry | None = None
    after: Entry | None = None
    to: str | None = None
    figures: Comparison | None = None
    counts: bool = True
    explanation: str = ""
    ulps: "StepsApart | None" = None

    @property
    def weight(self) -> float:
        """How large the change is, for ordering: relative to the tensor.

        Endless for a new one, and where the number of NaN or infinities is another.
        """
        if self.status in ("cast", "renamed", "retied"):
            return 0.0
        if self.figures and (len(set(self.figures.nan)) > 1 or len(set(self.figures.inf)) > 1):
            return math.inf
        if self.figures is None or self.figures.rel_l2 is None:
            return math.inf
        return self.figures.rel_l2


@dataclass(frozen=True)
class Violation:
    """A gate that a change, or the lack of one, breaks.

    Attributes:
        rule: ``allow``, ``must-change`` or ``forbid``.
        name: the tensor.
    """

    rule: str
    name: str


@dataclass(frozen=True)
class Diff:
    """All that is different between A and B.

    Attributes:
        changes: in natural order of their names.
        compared: how many tensors were looked at, each tie once.
        entries: of A, of the tensors that have one shape on both sides.
        violations: of the gates; ``None`` when there are none to break.
    """

    changes: tuple[Change, ...]
    compared: int
    entries: tuple[Entry, ...] = ()
    violations: tuple[Violation, ...] | None = None

    @property
    def is_equal(self) -> bool:
        """Whether there is no difference."""
        return not any(change.counts for change in self.changes)

    @property
    def fails(self) -> bool:
        """Whether a gate is broken or, without gates, anything differs."""
        return not self.is_equal if self.violations is None else bool(self.violations)

    @property
    def numel(self) -> int:
        """How many elements were compared."""
        return sum(entry.numel or 0 for entry in self.entries)

    @property
    def differing(self) -> int | None:
        """Elements that differ, of those compared; ``None`` where that can't be told."""
        changed = [change for change in self.changes if change.status in ("changed", "retyped")]
        found = [change.figures.differing for change in changed if change.figures]
        known = [count for count in found if count is not None]
        return sum(known) if len(known) == len(changed) else None

    @property
    def summary(self) -> dict[str, int]:
        """How many changes there are of each status that occurs."""
        found = Counter(change.status for change in self.changes)
        return {status: found[status] for status in STATUSES if found[status]}
