"""Longer and shorter axes: vocabularies and heads."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from paramctl.dtypes import DTYPES
from paramctl.edit.content import Made
from paramctl.edit.draft import Draft
from paramctl.edit.plan import EDITS, Edit
from paramctl.edit.resize_config import Resized, keep_sizes_true
from paramctl.edit.resize_fill import MEAN, ZEROS, Axis, Fill, grown, shrunk
from paramctl.errors import UsageError
from paramctl.manifest import Entry, Manifest
from paramctl.names import show

_DIM = re.compile(r"\s*(-?\d{1,3})\s*(?:=\s*(\d{1,12})\s*)?")


class Dim(NamedTuple):
    """An axis and the size it gets; ``None`` for the size it has."""

    axis: int
    size: int | None


@EDITS.register("resize")
@dataclass(frozen=True)
class Resize(Edit):
    """Give an axis of the chosen tensors another size; what is there stays at its indices.

    Attributes:
        dim: which axis, negative from the last, and its size.
        multiple_of: round the size up to a multiple of this.
        fill: what new places get: ``mean`` of the old ones along the axis, ``zeros``, or a
            scheme, whose values are those that ``init`` would draw there for the new shape.
        seed: of the scheme.
        axes: ``SELECT=ROLES`` texts for the scheme, as ``init`` takes them.
        allow_shrink: whether a tensor may become smaller.
    """

    dim: Dim
    multiple_of: int = 1
    fill: str = MEAN
    seed: int = 0
    axes: tuple[str, ...] = ()
    allow_shrink: bool = False

    def __post_init__(self) -> None:
        if self.multiple_of < 1:
            raise UsageError("--multiple-of takes a whole number from 1 up")
        if self.fill not in (MEAN, ZEROS):
            from paramctl.init.rules import is_default
            from paramctl.init.scheme import parse_scheme

            if not is_default(self.fill):
                parse_scheme(self.fill)

    def apply(self, draft: Draft, chosen: Sequence[Entry]) -> None:
        """Resize every stored tensor behind the chosen names once; config.json follows.

        Raises:
            UsageError: a tensor has no such axis, would shrink, or can't be filled so.
        """
        names = dict.fromkeys(entry.tied_to or entry.name for entry in chosen)
        pairs = [(entry, self._after(entry)) for entry in map(draft.entry, names)]
        pairs = [(before, after) for before, after in pairs if before.shape != after.shape]
        axes = {before.name: self._axis(before, after) for before, after in pairs}
        keep_sizes_true(draft, [Resized(b.name, axes[b.name]) for b, _ in pairs])
        fills = self._fills(draft, [after for before, after in pairs if axes[before.name].grows])
        for before, after in pairs:
            old, axis = draft.content(before.name), axes[before.name]
            if axis.grows:
                make = partial(grown, after.dtype, old, axis, fills[after.name])
            else:
                make = partial(shrunk, after.dtype, old, axis)
            draft.put(before.name, Made(after.nbytes or 0, make), shape=after.shape)

    def _after(self, entry: Entry) -> Entry:
        """The entry with its new shape.

        Raises:
            UsageError: it has no such axis, or would shrink.
        """
        DTYPES[entry.dtype].numpy()
        rank, (axis, size) = len(entry.shape), self.dim
        if not -rank <= axis < rank:
            raise UsageError(
                f"there is no axis {axis} in {_shape(entry)}",
                where=show(entry.name),
                hint="axis and size are like --dim 0=128264" if size is None else "",
            )
        old = entry.shape[axis] or 0
        new = -(-(old if size is None else size) // self.multiple_of) * self.multiple_of
        if new < old and not self.allow_shrink:
            raise UsageError(
                f"axis {axis % rank} of {_shape(entry)} would shrink to {new}",
                where=show(entry.name),
                hint="--allow-shrink drops what lies beyond",
            )
        shape = list(entry.shape)
        shape[axis] = new
        return entry._replace(shape=tuple(shape))

    def _axis(self, before: Entry, after: Entry) -> Axis:
        place = self.dim.axis % len(before.shape)
        outer = before._replace(shape=before.shape[:place]).numel or 0
        inner = before._replace(shape=before.shape[place + 1 :]).numel or 0
        return Axis(place, outer, before.shape[place] or 0, after.shape[place] or 0, inner)

    def _fills(self, draft: Draft, entries: Sequence[Entry]) -> dict[str, Fill]:
        """What each of the growing tensors gets: a word, or the choice of a scheme."""
        if self.fill in (MEAN, ZEROS):
            for entry in entries:
                self._expect_mean(entry)
            return {entry.name: self.fill for entry in entries}
        from paramctl.edit.config import config_now
        from paramctl.edit.init import Init, drawn_from
        from paramctl.init.rules import Rule

        fresh = {entry.name: entry for entry in entries}
        manifest = Manifest([fresh.get(entry.name, entry) for entry in draft.manifest])
        edit = Init((Rule(None, self.fill),), self.seed, axes=self.axes)
        choices = edit.choices(config_now(draft), manifest, entries)
        return {
            choice.entry.name: partial(drawn_from, choice, self.seed)
            if choice.initializer is not None
            else ZEROS
            for choice in choices
        }

    def _expect_mean(self, entry: Entry) -> None:
        if self.fill != MEAN:
            return
        if DTYPES[entry.dtype].family not in ("float", "complex"):
            raise UsageError(
                f"a mean is for floating tensors, this is {entry.dtype}",
                where=show(entry.name),
                hint="--fill zeros, or a scheme",
            )


def parse_dim(text: str) -> Dim:
    """Axis and size of ``D=N``; ``D`` alone keeps the size, for ``--multiple-of``.

    Raises:
        UsageError: it is neither.
    """
    match = _DIM.fullmatch(text)
    if match is None:
        raise UsageError(f"'{show(text)}' is no D=N", hint="as in --dim 0=128264")
    return Dim(int(match[1]), int(match[2]) if match[2] else None)


def _shape(entry: Entry) -> str:
    return f"[{','.join(map(str, entry.shape))}]"
