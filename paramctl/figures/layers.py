"""Names across layers: which tensors stand at the same place in each layer of a container."""

from collections.abc import Iterable
from typing import NamedTuple

from paramctl.manifest import Entry
from paramctl.names import layer_segment

Place = tuple[str, str]  # the container, and the rest of the name behind the layer


class Layered(NamedTuple):
    """A name in three parts: ``model.layers``, 3, ``mlp.weight``."""

    container: str
    layer: int
    rest: str

    @property
    def path(self) -> str:
        """The layer itself: ``model.layers.3``."""
        return f"{self.container}.{self.layer}" if self.container else str(self.layer)


def layered(name: str) -> Layered | None:
    """The parts of a name around its layer, its first all-digit segment; ``None`` without one."""
    found = layer_segment(name)
    if found is None:
        return None
    container, layer = found
    behind = name[len(container) + 1 :] if container else name.removeprefix(".")
    return Layered(container, layer, behind.partition(".")[2])


def siblings(entries: Iterable[Entry]) -> dict[Place, list[tuple[int, Entry]]]:
    """The tensors of each place with the layer they are in, in the order of the layers."""
    groups: dict[Place, list[tuple[int, Entry]]] = {}
    for entry in entries:
        parts = layered(entry.name)
        if parts is not None:
            group = groups.setdefault((parts.container, parts.rest), [])
            group.append((parts.layer, entry))
    for group in groups.values():
        group.sort(key=lambda member: member[0])
    return groups
