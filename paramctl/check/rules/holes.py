"""Zeros that nobody wrote: holes in the file, blocks of zeros that no row explains."""

import errno
import os
from collections.abc import Iterator

from paramctl.check.rule import rule
from paramctl.check.subject import Subject
from paramctl.sources.local import LocalFile

_HINT = "copy or download it again, and compare with `paramctl hash --verify`"


@rule("hole", "format", "warning", hint=_HINT)
def hole(subject: Subject) -> Iterator[tuple[str, str]]:
    """The file has a hole where a tensor should be: space that was set aside, never written."""
    source = subject.source
    holes = {shard: list(_holes(subject, shard)) for shard in range(len(source.files))}
    for entry in source.manifest.stored:
        inside = [
            (max(start, entry.start), min(stop, entry.stop))
            for start, stop in holes[entry.shard]
            if start < entry.stop and stop > entry.start
        ]
        if inside:
            count = sum(stop - start for start, stop in inside)
            first = inside[0][0] - entry.start
            size = entry.stop - entry.start
            yield (
                entry.name,
                f"{count:,} of {size:,} bytes were never written, first byte {first:,}",
            )


def _holes(subject: Subject, shard: int) -> Iterator[tuple[int, int]]:
    """Where the file system keeps nothing, as far as it tells."""
    file = subject.source.opened.get(shard)
    if shard in subject.source.unreadable or not isinstance(file, LocalFile):
        return
    with file.opened() as opened:
        fd, position, end = opened.fd, 0, opened.size
        while position < end:
            start = os.lseek(fd, position, os.SEEK_HOLE)
            if start >= end:
                return
            try:
                position = os.lseek(fd, start, os.SEEK_DATA)
            except OSError as error:
                if error.errno != errno.ENXIO:  # nothing but a hole up to the end
                    raise
                position = end
            yield start, position


@rule("zero-block", "values", "warning", needs="values", hint=_HINT)
def zero_block(subject: Subject) -> Iterator[tuple[str, str]]:
    """A long run of zero bytes begins or ends inside a row, as a write that was cut off leaves."""
    from paramctl.check.zero_runs import LONG, zero_run

    for entry, found in subject.statistics():
        nbytes = entry.nbytes or 0
        if not found.zeros or not LONG <= found.zeros * nbytes // found.numel < nbytes:
            continue
        run = zero_run(subject.source, entry)
        if run is not None:
            count = f"{run[1] - run[0]:,} of {nbytes:,} bytes"
            yield (
                entry.name,
                f"{count} in a row are zero, from byte {run[0]:,} in the midst of a row",
            )
