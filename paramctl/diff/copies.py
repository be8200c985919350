"""Changed and new tensors that hold what another name held before: layers swapped or repeated."""

from collections.abc import Sequence

from paramctl.diff.change import Change
from paramctl.diff.likeness import common_tail
from paramctl.figures.digest import digests_of
from paramctl.figures.pieces import Readable, byte_span
from paramctl.manifest import Entry, Manifest
from paramctl.names import natural_key

_STRETCH = 1 << 22  # bytes


def find_copies(
    a: Readable, before: Manifest, b: Readable, changes: Sequence[Change]
) -> dict[str, str]:
    """Name in B to the name in A whose bytes it has now, of what changed or came anew.

    Tensors of one value are no copies of each other. Of several old names with the same bytes
    it is the one whose end is most alike.
    """
    new = [one.after for one in changes if one.after and one.status in ("changed", "added")]
    new = [entry for entry in new if not entry.is_alias and (entry.numel or 0) > 1]
    kinds = {(entry.dtype, entry.shape) for entry in new}
    old = [entry for entry in before.stored if (entry.dtype, entry.shape) in kinds]
    names: dict[str, list[Entry]] = {}
    for entry, digest in zip(old, digests_of(a, old), strict=True):
        names.setdefault(digest, []).append(entry)
    return {
        entry.name: min(names[digest], key=lambda old: distance(old, entry)).name
        for entry, digest in zip(new, digests_of(b, new), strict=True)
        if digest in names and not _is_constant(b, entry)
    }


def distance(old: Entry, new: Entry) -> tuple[int, object]:
    """Orders tensors by how much the ends of their names are like another's, then by name."""
    return -common_tail(old.name, new.name), natural_key(old.name)


def _is_constant(source: Readable, entry: Entry) -> bool:
    """Whether all elements have the same bytes."""
    size, first = entry.nbytes or 0, bytearray(max(1, byte_span(entry.dtype, (0, 1))[1]))
    source.read_into(entry.name, first)
    for start in range(0, size, _STRETCH):
        part = bytearray(min(_STRETCH, size - start))
        source.read_into(entry.name, part, start)
        if part != first * (len(part) // len(first)):
            return False
    return True
