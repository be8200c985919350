"""Sums and mixtures of two checkpoints, tensor by tensor."""

import math
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from paramctl.dtypes import DTYPES
from paramctl.edit.content import Made, Stored, arrays, encode
from paramctl.edit.draft import Draft
from paramctl.edit.floating import Floating, is_computable
from paramctl.edit.plan import EDITS
from paramctl.errors import UsageError
from paramctl.formats.content import Block, Content
from paramctl.manifest import Entry
from paramctl.names import show
from paramctl.sources.source import Source

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

_AT_ONCE = 1 << 19  # elements
_SHOWN = 5


@dataclass(frozen=True)
class Arithmetic(Floating):
    """Combine the chosen tensors with those of the same names in another checkpoint.

    Both sides are widened (floats of 32 and 64 bits to float64, smaller ones to float32) and the
    result is rounded once to the dtype that the tensor has here. Without a selection all floating
    tensors are combined.

    Attributes:
        other: the checkpoint; open until the result is written.
        factor: how much of it.
    """

    other: Source
    factor: float = 1.0
    purpose: ClassVar[str] = "to add to"

    def __post_init__(self) -> None:
        if not math.isfinite(self.factor):
            raise UsageError(f"a finite number is wanted, not {self.factor}")

    def apply(self, draft: Draft, chosen: Sequence[Entry]) -> None:
        """Combine every stored tensor behind the chosen names once.

        Raises:
            UsageError: the other checkpoint lacks one, or has it in another shape; or it has no
                floats.
        """
        draft.uses(self.other)
        lacking = [show(e.name) for e in chosen if self.other.manifest.get(e.name) is None]
        if lacking:
            more = f" and {len(lacking) - _SHOWN} more" if len(lacking) > _SHOWN else ""
            raise UsageError(
                f"it has no {', '.join(lacking[:_SHOWN])}{more}", where=self.other.where
            )
        for name in dict.fromkeys(entry.tied_to or entry.name for entry in chosen):
            self._combine(draft, draft.entry(name))

    @abstractmethod
    def value(self, ours: "Array", theirs: "Array") -> "Array":
        """What becomes of widened values."""

    def _combine(self, draft: Draft, entry: Entry) -> None:
        other = self.other.manifest.canonical(entry.name)
        for one, where in ((entry, show(entry.name)), (other, f"{self.other.where}: {entry.name}")):
            if not is_computable(one):
                raise UsageError(f"sums are of floats, this is {one.dtype}", where=where)
        if entry.shape != other.shape:
            raise UsageError(
                f"it is {list(entry.shape)} here and {list(other.shape)} in {self.other.where}",
                where=show(entry.name),
            )
        contents = draft.content(entry.name), Stored(self.other, other.name)
        make = partial(_blocks, self, contents, (entry.dtype, other.dtype))
        draft.put(entry.name, Made(entry.nbytes or 0, make))


@EDITS.register("lerp")
@dataclass(frozen=True)
class Lerp(Arithmetic):
    """``(1 - t) * ours + t * theirs``: ``t`` of 0 is this checkpoint, 1 the other one."""

    def value(self, ours: "Array", theirs: "Array") -> "Array":
        """The mixture."""
        return ours * (1 - self.factor) + theirs * self.factor


@EDITS.register("add")
@dataclass(frozen=True)
class Add(Arithmetic):
    """``ours + factor * theirs``; ``sub`` is the same with the opposite factor."""

    def value(self, ours: "Array", theirs: "Array") -> "Array":
        """The sum."""
        return ours + theirs * self.factor


def _blocks(
    edit: Arithmetic, contents: tuple[Content, Content], dtypes: tuple[str, str]
) -> Iterator[Block]:
    from paramctl.edit.rounding import narrow, widen

    sides = (
        arrays(content, dtype, _AT_ONCE * DTYPES[dtype].bits // 8)
        for content, dtype in zip(contents, dtypes, strict=True)
    )
    for ours, theirs in zip(*sides, strict=True):
        values = edit.value(widen(ours, dtypes[0]), widen(theirs, dtypes[1]))
        yield encode(narrow(values, dtypes[0]), dtypes[0])
