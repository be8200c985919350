"""What a page says about a checkpoint, gathered before a line of it is written."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from paramctl.check.check import Bind, examine
from paramctl.check.finding import Verdict
from paramctl.check.rule import chosen_rules
from paramctl.check.subject import Subject
from paramctl.diff.change import Diff
from paramctl.diff.diff import diff
from paramctl.figures.histogram import Histogram, histograms_of
from paramctl.figures.statistics import Statistics, statistics_of
from paramctl.listing.inspection import Inspection, inspect
from paramctl.listing.target import Target
from paramctl.manifest import Entry
from paramctl.names import natural_key
from paramctl.sources.source import Source

MOST_ROWS = 1500  # tensors that a table shows one by one
MOST_CARDS = 12  # histograms that are drawn large
_AT_ONCE = 1 << 26  # bytes that are read twice while the system still holds them


@dataclass(frozen=True)
class Portrait:
    """A checkpoint as a page shows it.

    Attributes:
        entries: every name in natural order, aliases among them.
        figures: statistics of the stored tensors by name.
        spreads: histograms by name, of the tensors that the page can show one by one.
        diff: what is different from another checkpoint, where one was given.
        against: what that checkpoint is called.
    """

    target: Target
    entries: Sequence[Entry]
    inspection: Inspection
    verdict: Verdict
    figures: dict[str, Statistics] = field(default_factory=dict)
    spreads: dict[str, Histogram] = field(default_factory=dict)
    diff: Diff | None = None
    against: str = ""

    @property
    def title(self) -> str:
        """What the checkpoint is called: the last part of its path."""
        return called(self.target.title)

    @property
    def stored(self) -> list[Entry]:
        """The names that hold a tensor."""
        return [entry for entry in self.entries if not entry.is_alias]

    @property
    def is_large(self) -> bool:
        """Whether there are more tensors than a page shows one by one."""
        return len(self.stored) > MOST_ROWS

    @property
    def largest(self) -> list[Entry]:
        """The tensors with the most bytes whose histogram shows something, in natural order."""
        kept = [
            entry
            for entry in self.stored
            if entry.name in self.spreads and len(self.spreads[entry.name].counts) > 1
        ]
        kept.sort(key=lambda entry: -(entry.nbytes or 0))
        chosen = {entry.name for entry in kept[:MOST_CARDS]}
        return [entry for entry in self.stored if entry.name in chosen]


def portray(
    target: Target, source: Source, against: Source | None = None, bind: Bind | None = None
) -> Portrait:
    """Look at everything in a checkpoint; memory is a block of it, and a few figures per tensor.

    Args:
        against: the checkpoint before; the page shows what is different from it.
        bind: binds the checkpoint to a model, for the rules that need one.

    Raises:
        CheckpointError: a file can't be read or changed while it was read.
    """
    entries = sorted(source.manifest, key=lambda entry: natural_key(entry.name))
    stored = [entry for entry in entries if not entry.is_alias]
    figures: dict[str, Statistics] = {}
    spreads: dict[str, Histogram] = {}
    drawn = _drawn(stored)
    for batch in _batches(stored):
        found = list(statistics_of(source, batch))
        figures.update(zip((entry.name for entry in batch), found, strict=True))
        kept = [entry for entry in batch if entry.name in drawn]
        counted = histograms_of(source, kept, [figures[entry.name] for entry in kept])
        for entry, spread in zip(kept, counted, strict=True):
            if spread is not None:
                spreads[entry.name] = spread
    subject = Subject(source, reads_values=True, known=figures)
    verdict = examine(subject, chosen_rules((), ()), bind=bind)
    changes = diff(against, source) if against is not None else None
    for read in (source, against):
        if read is not None:
            read.check_unchanged()
    return Portrait(
        target=target,
        entries=entries,
        inspection=inspect(source.manifest, entries),
        verdict=verdict,
        figures=figures,
        spreads=spreads,
        diff=changes,
        against=_other(source.where, against.where) if against else "",
    )


def called(where: str) -> str:
    """The last part of a path; a page tells nobody how the folders above are called."""
    return Path(where).name or where


def _other(where: str, against: str) -> str:
    """What the other checkpoint is called: with its path where both have one name."""
    name = called(against)
    return against if name == called(where) else name


def _drawn(stored: Sequence[Entry]) -> set[str]:
    """The tensors whose histogram the page has room for."""
    if len(stored) > MOST_ROWS:
        stored = sorted(stored, key=lambda entry: -(entry.nbytes or 0))[:MOST_CARDS]
    return {entry.name for entry in stored}


def _batches(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    """Runs of tensors, small enough that a second look at them reads no disk."""
    batch: list[Entry] = []
    size = 0
    for entry in entries:
        batch.append(entry)
        size += entry.nbytes or 0
        if size >= _AT_ONCE:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
