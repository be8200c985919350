"""One name of a checkpoint under edit: what it was, what it is, and which tensor it shares."""

from collections.abc import Sequence
from dataclasses import dataclass

from paramctl.dtypes import WRITE_ORDER
from paramctl.formats.content import Content
from paramctl.manifest import Entry


@dataclass(eq=False)
class Slot:
    """A name with its tensor.

    Attributes:
        entry: its dtype, shape, kind, shard; ``tied_to`` and name as of the last change.
        content: its bytes; ``None`` for an alias.
        kept: the slot whose tensor an alias shares.
        origin: the entry in the checkpoint; ``None`` for a name that came anew.
        declared: for an alias, whether the header's metadata says so (else config.json does).
        action: what was done to the bytes, empty when nothing was.
    """

    entry: Entry
    content: Content | None = None
    kept: "Slot | None" = None
    origin: Entry | None = None
    declared: bool = False
    action: str = ""

    @property
    def name(self) -> str:
        """The name it has now."""
        return self.entry.name

    def now(self) -> Entry:
        """The entry as it stands: an alias shows what the tensor it shares has become."""
        if self.kept is None:
            entry = self.entry
            return entry if entry.tied_to is None else entry._replace(tied_to=None)
        shared = self.kept.entry
        return self.entry._replace(
            dtype=shared.dtype, shape=shared.shape, shard=shared.shard, tied_to=shared.name
        )


def merged(slots: Sequence[Slot], fresh: Sequence[Slot]) -> list[Slot]:
    """Slots with new ones where the safetensors library would put them: by dtype, then by name.

    Each comes before the first tensor of its file that belongs behind it.
    """
    waiting = sorted(fresh, key=_place, reverse=True)
    found: list[Slot] = []
    for slot in slots:
        if slot.kept is None:
            key = _place(slot)
            while waiting and _place(waiting[-1]) < key:
                found.append(waiting.pop())
        found.append(slot)
    return [*found, *reversed(waiting)]


def _place(slot: Slot) -> tuple[int, int, str]:
    return slot.entry.shard, WRITE_ORDER[slot.entry.dtype], slot.name
