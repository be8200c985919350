"""Statistics of many tensors, kept by a condition, gathered by module or layer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from paramctl.compute.traffic import expect
from paramctl.errors import UsageError
from paramctl.figures.aggregate import aggregate
from paramctl.figures.condition import Condition, parse_condition
from paramctl.figures.histogram import Histogram, histograms_of
from paramctl.figures.layers import layered
from paramctl.figures.pieces import Readable
from paramctl.figures.statistics import Statistics, statistics_of
from paramctl.manifest import Entry

By = Literal["", "module", "layer"]
Row = tuple[Entry, Statistics]
Found = tuple[Entry, Statistics, Histogram | None]


@dataclass(frozen=True)
class Survey:
    """What to know about some tensors.

    Attributes:
        condition: which rows to keep; ``None`` keeps all.
        by: one row for all tensors of a ``module`` or ``layer``; for each tensor if empty.
        histograms: also how the values spread.
    """

    condition: Condition | None = None
    by: By = ""
    histograms: bool = False

    @classmethod
    def parse(cls, *, where: str | None, by: str | None, histograms: bool) -> "Survey":
        """The survey that options ask for.

        Raises:
            UsageError: the condition can't be read, ``by`` is neither ``module`` nor
                ``layer``, or histograms are asked of these.
        """
        if by not in (None, "module", "layer"):
            raise UsageError(f"--by takes module or layer, not '{by}'")
        if by and histograms:
            raise UsageError("--hist is for tensors", hint=f"leave out --by {by}")
        condition = parse_condition(where) if where is not None else None
        return cls(condition, "layer" if by == "layer" else "module" if by else "", histograms)

    def run(self, source: Readable, entries: Sequence[Entry]) -> list[Found]:
        """The rows, in the order of the entries."""
        return self.finish(source, self.rows(source, entries))

    def rows(self, source: Readable, entries: Sequence[Entry]) -> list[Row]:
        """The statistics of every tensor or group, before any condition."""
        expect("read", sum(entry.nbytes or 0 for entry in entries))
        rows = list(zip(entries, statistics_of(source, entries), strict=True))
        return _gathered(rows, layer_of if self.by == "layer" else module_of) if self.by else rows

    def finish(self, source: Readable, rows: Sequence[Row]) -> list[Found]:
        """The rows that the condition keeps, with the histograms that were asked for."""
        if self.condition is not None:
            rows = [row for row in rows if self.condition.holds(*row)]
        if not self.histograms:
            return [(*row, None) for row in rows]
        expect("read", sum(row[0].nbytes or 0 for row in rows))
        kept, figures = [row[0] for row in rows], [row[1] for row in rows]
        spreads = histograms_of(source, kept, figures)
        return [(*row, spread) for row, spread in zip(rows, spreads, strict=True)]


def module_of(name: str) -> str:
    """The module that a tensor belongs to: the path without its last segment."""
    return name.rpartition(".")[0]


def layer_of(name: str) -> str:
    """The layer that a tensor belongs to, ``model.layers.3``; outside of layers its module."""
    parts = layered(name)
    return parts.path if parts else module_of(name)


def _gathered(rows: Sequence[Row], group_of: Callable[[str], str]) -> list[Row]:
    """One row per group, in the order of its first tensor."""
    groups: dict[str, list[Row]] = {}
    for entry, found in rows:
        groups.setdefault(group_of(entry.name), []).append((entry, found))
    gathered = []
    for group, members in groups.items():
        figures = aggregate([found for _, found in members])
        dtypes = "+".join(dict.fromkeys(entry.dtype for entry, _ in members))
        gathered.append((Entry(group, dtypes, (figures.numel,)), figures))
    return gathered
