"""Only the selected tensors."""

from collections.abc import Sequence
from dataclasses import dataclass

from paramctl.edit.draft import Draft
from paramctl.edit.plan import EDITS, Edit
from paramctl.edit.tied_config import keep_config_true
from paramctl.manifest import Entry


@EDITS.register("keep")
@dataclass(frozen=True)
class Keep(Edit):
    """Remove all names but the chosen ones; a tensor stays while one of its names does."""

    def apply(self, draft: Draft, chosen: Sequence[Entry]) -> None:
        """Remove the others."""
        names = {entry.name for entry in chosen}
        with keep_config_true(draft):
            draft.remove(entry.name for entry in draft.manifest if entry.name not in names)
