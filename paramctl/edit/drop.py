"""All tensors but the selected ones."""

from collections.abc import Sequence
from dataclasses import dataclass

from paramctl.edit.draft import Draft
from paramctl.edit.plan import EDITS, Edit
from paramctl.edit.tied_config import keep_config_true
from paramctl.manifest import Entry


@EDITS.register("drop")
@dataclass(frozen=True)
class Drop(Edit):
    """Remove the chosen names; a tensor stays while one of its names does."""

    def apply(self, draft: Draft, chosen: Sequence[Entry]) -> None:
        """Remove them."""
        with keep_config_true(draft):
            draft.remove([entry.name for entry in chosen])
