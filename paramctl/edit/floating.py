"""Edits of floating tensors: those that are selected, or all there are."""

from typing import ClassVar

from paramctl.dtypes import DTYPES
from paramctl.edit.plan import Edit, Step
from paramctl.errors import SelectionError
from paramctl.manifest import Entry, Manifest


class Floating(Edit):
    """An edit that is about all floating tensors where nothing is selected.

    Attributes:
        purpose: what the floats are for, to say that there are none.
    """

    purpose: ClassVar[str]

    def choose(self, manifest: Manifest, step: Step) -> list[Entry]:
        """The chosen entries; the floating ones when nothing is selected.

        Raises:
            SelectionError: nothing is left.
        """
        found = super().choose(manifest, step)
        if step.selections:
            return found
        found = [entry for entry in found if is_computable(entry)]
        if not found and not step.allow_empty:
            raise SelectionError(f"none of {len(manifest)} tensors has floats {self.purpose}")
        return found


def is_computable(entry: Entry) -> bool:
    """Whether it holds floats of which NumPy can make an array."""
    dtype = DTYPES[entry.dtype]
    return dtype.is_floating and bool(dtype.array)
