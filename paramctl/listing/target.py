"""What the looking verbs look at: a checkpoint's manifest, or a spec's."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from paramctl.manifest import Manifest
from paramctl.names import show
from paramctl.sources.open import open_source
from paramctl.sources.source import Source


@dataclass(frozen=True)
class Target:
    """A manifest with what is known about where it comes from.

    Attributes:
        title: the argument as it may be printed.
        manifest: its entries; shapes may hold ``None`` where it comes from a spec.
        source: the open checkpoint; ``None`` where nothing is stored.
        family: what the model calls itself, or empty.
        notes: what a user should be warned of.
    """

    title: str
    manifest: Manifest
    source: Source | None = None
    family: str = ""
    notes: list[str] = field(default_factory=list)

    @property
    def shards(self) -> list[str]:
        """File names by shard index."""
        return [file.name for file in self.source.files] if self.source else []


@contextmanager
def open_target(text: str) -> Iterator[Target]:
    """Open a MODEL for looking at; it closes at the end of the block.

    Raises:
        CheckpointError: it is missing, unreadable or malformed.
    """
    with open_source(text) as source:
        yield Target(source.where, source.manifest, source, _family(source), source.notes)


def _family(source: Source) -> str:
    """The architecture that ``config.json`` names."""
    config = source.config or {}
    names = config.get("architectures")
    if isinstance(names, list) and names and isinstance(names[0], str):
        return show(names[0])
    family = config.get("model_type")
    return show(family) if isinstance(family, str) else ""
