"""Fused tensors into their parts."""

from collections.abc import Sequence
from dataclasses import dataclass

from paramctl.edit.alternating import taken
from paramctl.edit.draft import Draft
from paramctl.edit.fused import cell_of, resized, split_content
from paramctl.edit.fusing import Fusing
from paramctl.edit.plan import EDITS
from paramctl.errors import UsageError
from paramctl.manifest import Entry, guess_kind
from paramctl.names import show


@EDITS.register("split")
@dataclass(frozen=True)
class Split(Fusing):
    """Split every chosen tensor that has a fused name; an alias of one becomes tied parts."""

    def takes(self, name: str) -> bool:
        """Whether it is the name of a fused tensor."""
        return self.how.parts_of(name, 0) is not None

    def apply(self, draft: Draft, chosen: Sequence[Entry]) -> None:
        """Split them.

        Raises:
            UsageError: sizes that don't divide so, or a name that is taken.
        """
        made: dict[str, list[str]] = {}
        for entry in sorted(chosen, key=lambda entry: entry.is_alias):
            if entry.tied_to in made:
                parts = self.how.parts_of(entry.name, len(made[entry.tied_to])) or []
                for kept, alias in zip(made[entry.tied_to], parts, strict=True):
                    draft.tie(kept, alias)
            else:
                made[entry.name] = self._split(draft, entry)
        if chosen:
            draft.remove([entry.name for entry in chosen])

    def _split(self, draft: Draft, entry: Entry) -> list[str]:
        layout, where = self.how.layout, show(entry.name)
        if not entry.shape:
            raise UsageError("a scalar has no parts", where=where)
        heads = self.how.heads_of(draft, entry.name)
        axis = self.how.axis(entry)
        sizes = layout.sizes(entry.shape[axis] or 0, heads, where)
        names = self.how.parts_of(entry.name, len(sizes)) or []
        if len(names) != len(sizes):
            raise UsageError(f"{len(names)} names for {len(sizes)} parts", where=where)
        runs = [] if layout.is_alternating else list(layout.runs(sizes, heads, where))
        old = draft.content(entry.name)
        added = []
        for part, (name, size) in enumerate(zip(names, sizes, strict=True)):
            shape = entry.shape[1:] if layout.is_stack else resized(entry.shape, axis, size)
            if layout.is_alternating:
                content = taken(old, cell_of(entry, axis), part, len(sizes))
            else:
                content = split_content(entry, old, axis, runs, part)
            after = Entry(
                name, entry.dtype, shape, guess_kind(name, entry.dtype), shard=entry.shard
            )
            added.append((after, content))
        draft.add_all(added)
        return names
