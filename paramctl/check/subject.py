"""What rules look at: an open checkpoint, and what several of them want to know about it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from paramctl.compute.traffic import expect
from paramctl.manifest import Entry
from paramctl.sources.audit import Discrepancy, audit
from paramctl.sources.source import Source

if TYPE_CHECKING:
    from paramctl.check.expectation import Expectation
    from paramctl.figures.statistics import Statistics


@dataclass
class Subject:
    """A checkpoint under examination.

    Attributes:
        source: opened leniently, so that it may be broken.
        reads_values: whether rules may read every number.
        binding: the checkpoint bound to a model, for rules that compare the two; or ``None``.
        unbuilt: why the model that its config names can't be built; or ``None``.
        library: the safetensors library's complaint about each file, empty where it has none.
        expectations: what a user expects of it.
        known: statistics by name, where somebody has read the numbers already.
    """

    source: Source
    reads_values: bool = False
    binding: Any = None
    unbuilt: Any = None
    library: dict[str, str] = field(default_factory=dict)
    expectations: "tuple[Expectation, ...]" = ()
    known: "Mapping[str, Statistics] | None" = None

    def offers(self, need: str) -> bool:
        """Whether a rule with this need can run."""
        return {
            "": True,
            "values": self.reads_values,
            "binding": self.binding is not None,
            "expectations": bool(self.expectations) and not self.source.problems,
        }[need]

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
            if self.known is None:
                expect("read", sum(entry.nbytes or 0 for entry in entries))
            found = (
                statistics_of(self.source, entries)
                if self.known is None
                else (self.known[entry.name] for entry in entries)
            )
            self._rest = zip(entries, found, strict=True)
        place = 0
        while True:
            if place == len(self._seen):
                following = next(self._rest, None)
                if following is None:
                    return
                self._seen.append(following)
            yield self._seen[place]
            place += 1

    def expected(self, expectation: "Expectation") -> list[Entry]:
        """The tensors that an expectation is about."""
        shards = [path.name for path in self.source.files]
        return expectation.chosen(self.source.manifest, shards)

    def figures(
        self, entries: list[Entry], with_values: bool
    ) -> "Iterator[tuple[Entry, Statistics]]":
        """Each tensor with its statistics; without values only their number is told."""
        from paramctl.figures.statistics import Statistics, statistics_of

        if not with_values:
            return ((entry, Statistics(numel=entry.numel or 0)) for entry in entries)
        return zip(entries, statistics_of(self.source, entries), strict=True)
