"""A stored tensor for every name."""

from collections.abc import Sequence
from dataclasses import dataclass

from paramctl.edit.draft import Draft
from paramctl.edit.plan import EDITS, Edit
from paramctl.edit.tied_config import keep_config_true
from paramctl.errors import UsageError
from paramctl.manifest import Entry
from paramctl.names import counted


@EDITS.register("untie")
@dataclass(frozen=True)
class Untie(Edit):
    """Give the chosen aliases, and all aliases of the chosen tensors, tensors of their own."""

    def apply(self, draft: Draft, chosen: Sequence[Entry]) -> None:
        """Untie them.

        Raises:
            UsageError: none of them shares its tensor.
        """
        names = {entry.name for entry in chosen}
        aliases = [
            entry.name
            for entry in draft.manifest
            if entry.tied_to is not None and (entry.name in names or entry.tied_to in names)
        ]
        if not aliases:
            raise UsageError(f"{counted(len(names), 'tensor')} selected, none of them is tied")
        with keep_config_true(draft):
            for alias in aliases:
                draft.untie(alias)
