"""What a model is, in numbers: tensors, parameters, bytes, dtypes, ties, and its tree."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from paramctl.listing.tree import Node, collapsed
from paramctl.manifest import Entry, Manifest

Total = int | None


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
    stored = [entry for entry in entries if not entry.is_alias]
    parameters = [entry for entry in entries if entry.kind == "parameter"]
    chosen = {entry.name for entry in entries}
    return Inspection(
        tensors=len(stored),
        unique=_numel({manifest.canonical(e.name).name: e for e in parameters}.values()),
        stored=_numel(entry for entry in parameters if not entry.is_alias),
        named=_numel(parameters),
        buffers=_numel(entry for entry in stored if entry.kind != "parameter"),
        nbytes=_total(entry.nbytes for entry in stored),
        dtypes=_shares(stored),
        ties=[group for group in manifest.ties if not chosen.isdisjoint(group)],
        tree=collapsed(entries),
    )


def _shares(stored: Sequence[Entry]) -> dict[str, Share]:
    groups: dict[str, list[Entry]] = {}
    for entry in stored:
        groups.setdefault(entry.dtype, []).append(entry)
    shares = {
        dtype: Share(len(group), _numel(group), _total(entry.nbytes for entry in group))
        for dtype, group in groups.items()
    }
    return dict(sorted(shares.items(), key=lambda item: (-(item[1].nbytes or 0), item[0])))


def _numel(entries: Iterable[Entry]) -> Total:
    return _total(entry.numel for entry in entries)


def _total(sizes: Iterable[Total]) -> Total:
    total = 0
    for size in sizes:
        if size is None:
            return None
        total += size
    return total
