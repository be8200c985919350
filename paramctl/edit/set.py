"""New values for a tensor or a part of it: an expression of the old ones, or a file's."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from paramctl.edit.draft import Draft
from paramctl.edit.part import Values, computed, loaded, refill
from paramctl.edit.plan import EDITS, Edit, Step
from paramctl.edit.position import find, position
from paramctl.errors import UsageError
from paramctl.manifest import Entry, Manifest
from paramctl.names import show


@EDITS.register("set")
@dataclass(frozen=True)
class Set(Edit):
    """``x[INDEX] = EXPR``, element by element, rounded once to the tensor's dtype.

    Attributes:
        target: ``NAME`` or ``NAME[INDEX]``.
        expression: over the old values ``x``; ``None`` with ``npy``.
        npy: a file with the new values, of the same shape.

    Raises:
        UsageError: neither or both of them, or an expression that can't be read.
    """

    target: str
    expression: str | None = None
    npy: Path | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "_values", self._read())

    def choose(self, manifest: Manifest, step: Step) -> list[Entry]:
        """The one entry that the target names.

        Raises:
            UsageError: there is none.
        """
        return [find(self.target, manifest)[0]]

    def apply(self, draft: Draft, chosen: Sequence[Entry]) -> None:
        """Give the tensor behind the name its new values; index and array must fit it.

        Raises:
            UsageError: they don't, or the dtype can't be computed on.
        """
        entry, index = find(self.target, draft.manifest)
        place = position(index, entry)
        values: Values = self._values  # type: ignore[attr-defined]
        if values.shape is not None and values.shape != place.shape:
            raise UsageError(
                f"an array of shape {list(values.shape)} for {list(place.shape)}",
                where=show(self.target),
            )
        refill(draft, entry, place, values)

    def _read(self) -> Values:
        if (self.expression is None) == (self.npy is None):
            raise UsageError("set takes either an expression or --npy FILE")
        return loaded(self.npy) if self.npy is not None else computed(self.expression or "")
