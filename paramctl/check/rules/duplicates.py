"""Tensors that several shards hold, and not with the same bytes."""

from collections.abc import Iterator, Sequence

from paramctl.check.rule import rule
from paramctl.check.subject import Subject
from paramctl.manifest import Entry

_BLOCK = 1 << 20


@rule(
    "duplicate-differs",
    "index",
    hint="keep the right one, and rebuild the index with `paramctl reshard`",
)
def duplicate_differs(subject: Subject) -> Iterator[tuple[str, str]]:
    """Several shards hold a tensor of one dtype and shape, with different bytes."""
    source = subject.source
    held: dict[str, list[Entry]] = {}
    for header in source.headers if source.index is not None else ():
        for entry in header.entries:
            held.setdefault(entry.name, []).append(entry)
    for name, entries in held.items():
        forms = {(entry.dtype, entry.shape) for entry in entries}
        if len(entries) > 1 and len(forms) == 1 and not _are_equal(subject, entries):
            files = ", ".join(source.files[entry.shard].name for entry in entries)
            yield name, f"its bytes are not the same in {files}: which one is loaded is chance"


def _are_equal(subject: Subject, entries: Sequence[Entry]) -> bool:
    first, *others = entries
    opened = subject.source.opened
    for start in range(0, first.stop - first.start, _BLOCK):
        blocks = {
            opened[entry.shard].read(
                entry.start + start, min(entry.start + start + _BLOCK, entry.stop)
            )
            for entry in (first, *others)
        }
        if len(blocks) > 1:
            return False
    return True
