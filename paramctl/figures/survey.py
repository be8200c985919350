"""Statistics of many tensors, kept by a condition, gathered by module, with histograms."""

from collections.abc import Sequence
from dataclasses import dataclass

from paramctl.errors import UsageError
from paramctl.figures.aggregate import aggregate
from paramctl.figures.condition import Condition, parse_condition
from paramctl.figures.histogram import Histogram, histograms_of
from paramctl.figures.pieces import Readable
from paramctl.figures.statistics import Statistics, statistics_of
from paramctl.manifest import Entry

Found = tuple[Entry, Statistics, Histogram | None]


@dataclass(frozen=True)
class Survey:
    """What to know about some tensors.

    Attributes:
        condition: which rows to keep; ``None`` keeps all.
        by_module: one row for all tensors of a module.
        histograms: also how the values spread.
    """

    condition: Condition | None = None
    by_module: bool = False
    histograms: bool = False

    @classmethod
    def parse(cls, *, where: str | None, by: str | None, histograms: bool) -> "Survey":
        """The survey that options ask for.

        Raises:
            UsageError: the condition can't be read, ``by`` is not ``module``, or histograms
                are asked of modules.
        """
        if by not in (None, "module"):
            raise UsageError(f"--by takes module, not '{by}'")
        if by and histograms:
            raise UsageError("--hist is for tensors", hint="leave out --by module")
        return cls(parse_condition(where) if where is not None else None, bool(by), histograms)

    def run(self, source: Readable, entries: Sequence[Entry]) -> list[Found]:
        """The rows, in the order of the entries."""
        rows = list(zip(entries, statistics_of(source, entries), strict=True))
        if self.by_module:
            rows = _gathered(rows)
        if self.condition is not None:
            rows = [row for row in rows if self.condition.holds(*row)]
        if not self.histograms:
            return [(*row, None) for row in rows]
        kept, figures = [row[0] for row in rows], [row[1] for row in rows]
        spreads = histograms_of(source, kept, figures)
        return [(*row, spread) for row, spread in zip(rows, spreads, strict=True)]


def _gathered(rows: Sequence[tuple[Entry, Statistics]]) -> list[tuple[Entry, Statistics]]:
    """One row per module: the path without its last segment, in the order of the first tensor."""
    groups: dict[str, list[tuple[Entry, Statistics]]] = {}
    for entry, found in rows:
        groups.setdefault(entry.name.rpartition(".")[0], []).append((entry, found))
    gathered = []
    for module, members in groups.items():
        figures = aggregate([found for _, found in members])
        dtypes = "+".join(dict.fromkeys(entry.dtype for entry, _ in members))
        gathered.append((Entry(module, dtypes, (figures.numel,)), figures))
    return gathered
