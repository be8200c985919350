"""What a model is, in numbers: tensors, parameters, bytes, dtypes, ties, and its tree."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from paramctl.columns import Columns
from paramctl.listing.tree import Node, collapsed
from paramctl.manifest import Entry, Manifest

Total = int | None
Counts = list[tuple[Entry, int]]  # a tensor that stands for all of its dtype, shape and kind


@dataclass(frozen=True)
class Share:
    """What one dtype has of the stored tensors.

    Attributes:
        tensors: how many there are.
        numel, nbytes: their elements and bytes; ``None`` where a size is unknown.
    """

    tensors: int
    numel: Total
    nbytes: Total


@dataclass(frozen=True)
class Inspection:
    """The totals of some entries.

    Attributes:
        tensors: stored tensors.
        unique, stored, named: elements of parameters (no buffers): once per tie, of stored
            tensors, and per name.
        buffers: elements of stored buffers and constants.
        nbytes: bytes of the stored tensors.
        dtypes: their shares by dtype, most bytes first.
        ties: names that share a tensor, the canonical one first.
        tree: the names, layers of the same structure as one.
    """

    tensors: int
    unique: Total
    stored: Total
    named: Total
    buffers: Total
    nbytes: Total
    dtypes: dict[str, Share]
    ties: list[list[str]]
    tree: list[Node]


def inspect(manifest: Manifest, entries: Sequence[Entry]) -> Inspection:
    """The totals of the chosen entries of a manifest."""
    columns = Columns.of(entries)
    # Few dtypes, shapes and kinds stand for many tensors, so those are counted first.
    counts = [(Entry("", *alike), times) for alike, times in Counter(columns.alike).items()]
    stored = [(entry, times) for entry, times in counts if not entry.is_alias]
    parameters = [(entry, times) for entry, times in stored if entry.kind == "parameter"]
    tied = [(entry, n) for entry, n in counts if entry.is_alias and entry.kind == "parameter"]
    ties = manifest.ties
    chosen = set(columns.names) if ties else set()
    return Inspection(
        tensors=sum(times for _, times in stored),
        unique=_numel([*parameters, *_only_tied(manifest, tied, chosen)]),
        stored=_numel(parameters),
        named=_numel([*parameters, *tied]),
        buffers=_numel([(entry, n) for entry, n in stored if entry.kind != "parameter"]),
        nbytes=_nbytes(stored),
        dtypes=_shares(stored),
        ties=[group for group in ties if not chosen.isdisjoint(group)],
        tree=collapsed(columns),
    )


def _only_tied(manifest: Manifest, tied: Counts, chosen: set[str]) -> Counts:
    """Parameters of which only aliases were chosen, each once."""
    found = {}
    for entry, _ in tied:
        kept = manifest[entry.tied_to or ""]
        if kept.name not in chosen or kept.kind != "parameter":
            found[kept.name] = (entry, 1)
    return list(found.values())


def _shares(stored: Counts) -> dict[str, Share]:
    groups: dict[str, Counts] = {}
    for entry, times in stored:
        groups.setdefault(entry.dtype, []).append((entry, times))
    shares = {
        dtype: Share(sum(times for _, times in group), _numel(group), _nbytes(group))
        for dtype, group in groups.items()
    }
    return dict(sorted(shares.items(), key=lambda item: (-(item[1].nbytes or 0), item[0])))


def _numel(counts: Counts) -> Total:
    return _total((entry.numel, times) for entry, times in counts)


def _nbytes(counts: Counts) -> Total:
    return _total((entry.nbytes, times) for entry, times in counts)


def _total(sizes: Iterable[tuple[Total, int]]) -> Total:
    total = 0
    for size, times in sizes:
        if size is None:
            return None
        total += size * times
    return total
