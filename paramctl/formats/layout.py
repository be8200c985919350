"""Where tensors lie in a file: end to end from the first data byte to the last, nothing else."""

from collections.abc import Iterable, Sequence

from paramctl.errors import CheckpointError
from paramctl.manifest import Entry
from paramctl.names import show


def check_layout(entries: Sequence[Entry], *, data_start: int, file_size: int, where: str) -> None:
    """Hold the tensors to the rule: no hole, no overlap, no byte left over or missing.

    Raises:
        CheckpointError: the first tensor out of place, or a file too short or too long.
    """
    end = _end(entries, data_start)
    if end is None:
        end = _checked_end(entries, data_start, where)
    check_end(end, file_size=file_size, where=where)


def check_end(end: int, *, file_size: int, where: str) -> None:
    """Hold a file to the length that its header describes.

    Raises:
        CheckpointError: it is too short or too long.
    """
    if end > file_size:
        raise CheckpointError(
            f"the file is {file_size} bytes, its header describes {end}: {end - file_size} missing",
            where=where,
            hint="the file is cut short: copy or download it again",
        )
    if end < file_size:
        raise CheckpointError(
            f"the file is {file_size} bytes, its header describes {end}: {file_size - end} "
            "too many",
            where=where,
            hint="nothing may follow the tensors; the header may be from another file",
        )


def data_order(entries: Iterable[Entry]) -> list[Entry]:
    """The entries in the order of their bytes; zero-size ones before what begins with them."""
    return sorted(entries, key=lambda entry: (entry.start, entry.stop))


def _end(entries: Sequence[Entry], cursor: int) -> int | None:
    """Where the last tensor ends if they follow each other as listed, the common case."""
    for entry in entries:
        if entry.start != cursor:
            return None
        cursor = entry.stop
    return cursor


def _checked_end(entries: Sequence[Entry], data_start: int, where: str) -> int:
    cursor, before = data_start, "the header"
    for entry in data_order(entries):
        if entry.start != cursor:
            begin, end = entry.start - data_start, cursor - data_start
            lies = f"a hole of {begin - end}" if begin > end else f"an overlap of {end - begin}"
            raise CheckpointError(
                f"data_offsets begin at {begin}, wanted {end}, where {before} ends: {lies}",
                where=f"{where}: {show(entry.name)}",
            )
        cursor, before = entry.stop, f"'{show(entry.name)}'"
    return cursor
