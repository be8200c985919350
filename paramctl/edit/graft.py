"""Tensors of another checkpoint."""

from collections.abc import Sequence
from dataclasses import dataclass

from paramctl.edit.content import Stored
from paramctl.edit.draft import Draft
from paramctl.edit.plan import EDITS, Edit
from paramctl.edit.tied_config import keep_config_true
from paramctl.errors import UsageError
from paramctl.manifest import Entry, Manifest
from paramctl.names import show
from paramctl.sources.source import Source


@EDITS.register("graft")
@dataclass(frozen=True)
class Graft(Edit):
    """Take the chosen tensors from another checkpoint, with their dtypes and shapes.

    A name that the checkpoint has is replaced, for all names it is tied to; one that it lacks
    is added, tied as in the other where that name comes along too.

    Attributes:
        other: the checkpoint they come from; open until the result is written.
    """

    other: Source

    def pool(self, manifest: Manifest) -> Manifest:
        """The other checkpoint."""
        return self.other.manifest

    def apply(self, draft: Draft, chosen: Sequence[Entry]) -> None:
        """Take them over.

        Raises:
            UsageError: names that share one tensor here would get different ones.
        """
        draft.uses(self.other)
        taken: dict[str, Entry] = {}
        with keep_config_true(draft):
            for entry in sorted(chosen, key=lambda entry: entry.is_alias):
                if entry.name in draft.manifest:
                    self._replace(draft, entry, taken)
                elif entry.tied_to in draft.manifest and entry.tied_to in {e.name for e in chosen}:
                    draft.tie(entry.tied_to or "", entry.name)
                else:
                    content = Stored(self.other, entry.name)
                    draft.add(entry.name, entry.dtype, entry.shape, content)

    def _replace(self, draft: Draft, entry: Entry, taken: dict[str, Entry]) -> None:
        here = draft.manifest.canonical(entry.name).name
        before = taken.setdefault(here, entry)
        theirs = self.other.manifest.canonical
        if theirs(before.name).name != theirs(entry.name).name:
            raise UsageError(
                f"{show(before.name)} and {show(entry.name)} are one tensor here and two there",
                where=self.other.where,
                hint="untie them first, or take one of them",
            )
        content = Stored(self.other, entry.name)
        draft.put(here, content, dtype=entry.dtype, shape=entry.shape)
