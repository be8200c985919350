"""Equality of two tensors piece by piece, as machine words: NumPy is loaded for what differs."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from paramctl.compute.blocks import held
from paramctl.figures.pieces import Readable, Span, byte_span
from paramctl.figures.rule import Rule
from paramctl.manifest import Entry

if TYPE_CHECKING:
    from paramctl.figures.difference import Difference


class Pair(NamedTuple):
    """Two tensors of one shape, a and b."""

    left: Readable
    before: Entry
    right: Readable
    after: Entry

    @property
    def is_retyped(self) -> bool:
        """Whether the element types differ."""
        return self.before.dtype != self.after.dtype


@dataclass(frozen=True)
class Verdict:
    """What became of one piece.

    Attributes:
        is_equal: whether every element is equal by the rule.
        difference: the figures; ``None`` where the bytes agree.
        casts: whether b is a's cast here, and a is b's; of no meaning for one dtype.
    """

    is_equal: bool
    difference: "Difference | None" = None
    casts: tuple[bool, bool] = (False, False)

    @property
    def may_be_cast(self) -> bool:
        """Whether the rest of the tensor may still show a cast."""
        return any(self.casts)


def compare_piece(pair: Pair, span: Span, rule: Rule, figures: bool) -> Verdict:
    """The verdict on elements [start, stop) of a pair."""
    if pair.is_retyped:
        from paramctl.figures.unlike import compare_values

        return compare_values(pair, span, rule, figures)
    start, stop = byte_span(pair.before.dtype, span)
    left, right = held("left", stop - start), held("right", stop - start)
    if stop > start:
        pair.left.read_into(pair.before.name, left, start)
        pair.right.read_into(pair.after.name, right, start)
    if left == right:
        return Verdict(is_equal=True)
    from paramctl.figures.unlike import compare_bytes

    return compare_bytes(pair, left, right, rule, figures)
