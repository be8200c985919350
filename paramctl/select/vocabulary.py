"""What a selection can ask about a manifest beyond one entry: layers, ties, shards."""

from collections.abc import Sequence
from functools import cached_property

from paramctl.manifest import Described, Entry, Manifest
from paramctl.names import layer_segment


class Vocabulary:
    """A manifest with the words that selections use for it.

    Attributes:
        manifest: the entries to choose from.
        shards: file names by the entries' shard index; may be empty.
    """

    def __init__(
        self, manifest: Manifest, *, shards: Sequence[str] = (), has_spec: bool = False
    ) -> None:
        self.manifest = manifest
        self.shards = tuple(shards)
        self._has_spec = has_spec

    @cached_property
    def described(self) -> Described | None:
        """Module types and roles by name; ``None`` where no spec gave any."""
        if self._has_spec or any(entry.module_type for entry in self.manifest):
            return {entry.name: (entry.module_type, entry.role) for entry in self.manifest}
        return (self.manifest.describe and self.manifest.describe()) or None

    @cached_property
    def tied(self) -> frozenset[str]:
        """Every name that shares its tensor with another."""
        return frozenset(name for group in self.manifest.ties for name in group)

    @cached_property
    def last_layers(self) -> dict[str, int]:
        """The highest layer of each container: ``{"model.layers": 31}``."""
        last: dict[str, int] = {}
        for entry in self.manifest:
            place = layer_segment(entry.name)
            if place and place[1] > last.get(place[0], -1):
                last[place[0]] = place[1]
        return last

    def shard_name(self, entry: Entry) -> str:
        """The file that holds an entry, or nothing where that is not known."""
        return self.shards[entry.shard] if 0 <= entry.shard < len(self.shards) else ""
