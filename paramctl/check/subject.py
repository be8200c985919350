"""What rules look at: an open checkpoint, and what several of them want to know about it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paramctl.manifest import Entry
from paramctl.sources.audit import Discrepancy, audit
from paramctl.sources.source import Source

if TYPE_CHECKING:
    from paramctl.figures.statistics import Statistics


@dataclass
class Subject:
    """A checkpoint under examination.

    Attributes:
        source: opened leniently, so that it may be broken.
        reads_values: whether rules may read every number.
        binding: the checkpoint bound to a model, for rules that compare the two; or ``None``.
        library: the safetensors library's complaint about each file, empty where it has none.
    """

    source: Source
    reads_values: bool = False
    binding: Any = None
    library: dict[str, str] = field(default_factory=dict)

    def offers(self, need: str) -> bool:
        """Whether a rule with this need can run."""
        return {"": True, "values": self.reads_values, "binding": self.binding is not None}[need]

    @cached_property
    def audit(self) -> list[Discrepancy]:
        """Where headers, index and folder disagree."""
        return audit(self.source)

    @property
    def declared_ties(self) -> Sequence[tuple[str, str]]:
        """The (alias, canonical) pairs that ``config.json`` declares through its family."""
        return self.source.declared_ties

    @property
    def floats(self) -> list[Entry]:
        """The stored tensors that can hold NaN."""
        return [
            entry
            for entry in self.source.manifest.stored
            if entry.dtype.startswith(("F", "BF", "C"))
        ]

    def statistics(self) -> Iterator[tuple[Entry, "Statistics"]]:
        """Every float tensor with its statistics; computed once, however many rules ask.

        Rules share one pass and may stop in its middle.
        """
        from paramctl.figures.statistics import statistics_of

        if not hasattr(self, "_seen"):
            self._seen: list[tuple[Entry, Statistics]] = []
            entries = self.floats
            self._rest = zip(entries, statistics_of(self.source, entries), strict=True)
        place = 0
        while True:
            if place == len(self._seen):
                following = next(self._rest, None)
                if following is None:
                    return
                self._seen.append(following)
            yield self._seen[place]
            place += 1

    @property
    def regular_files(self) -> list[Path]:
        """The files of the model that other libraries can open."""
        return [path for path in self.source.files if path.is_file()]
