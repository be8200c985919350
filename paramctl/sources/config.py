"""The ``config.json`` beside a checkpoint."""

import os
from pathlib import Path
from typing import Any

from paramctl.errors import CheckpointError
from paramctl.formats.strict_json import parse_object
from paramctl.names import show
from paramctl.sources.paths import open_inside

LARGEST = 16 << 20


def read_config(folder: Path) -> tuple[dict[str, Any] | None, list[str]]:
    """The parsed ``config.json`` of a folder, or ``None``, with a note where it can't be used."""
    path = folder / "config.json"
    if not os.path.lexists(path):
        return None, []
    try:
        data = read_whole(folder, "config.json", LARGEST)
        return parse_object(data, where=show(str(path)), what="config"), []
    except CheckpointError as error:
        return None, [f"{error}; it is ignored"]


def read_whole(folder: Path, name: str, most: int) -> bytes:
    """The content of a small file in a model's folder.

    Raises:
        CheckpointError: missing, no regular file, or more than ``most`` bytes.
    """
    return read_open(open_inside(folder, name), show(str(folder / name)), most)


def read_open(fd: int, where: str, most: int) -> bytes:
    """The content of a small open file, which is closed.

    Raises:
        CheckpointError: more than ``most`` bytes.
    """
    with os.fdopen(fd, "rb") as file:
        size = os.fstat(fd).st_size
        if size > most:
            raise CheckpointError(
                f"a file of {size} bytes is refused, the limit is {most}",
                where=where,
            )
        return file.read(most)
