"""A second opinion: what the safetensors library says of a file."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from paramctl.check.finding import Finding
from paramctl.formats.header import LONGEST, PREFIX
from paramctl.sources.source import Source

if TYPE_CHECKING:
    from paramctl.sources.place import File


def complaint(path: Path) -> str:
    """Why the safetensors library refuses a file; empty when it opens it."""
    from safetensors import SafetensorError, safe_open

    if path.name.endswith(".json"):
        return ""
    try:
        with safe_open(path, framework="np"):
            return ""
    except (SafetensorError, OSError) as error:
        return str(error)


def complaints(source: Source) -> dict[str, str]:
    """The same for each file of a model that has one, by its name."""
    if source.place.is_remote:
        return {source.files[n].name: _of_stand_in(file) for n, file in source.opened.items()}
    return {path.name: complaint(path) for path in source.local_files if path.is_file()}


def _of_stand_in(file: "File") -> str:
    """The complaint about a file elsewhere: about one of that header and length and no content."""
    import tempfile

    length = int.from_bytes(file.read(0, PREFIX), "little")
    header = file.read(0, PREFIX + min(length, LONGEST))
    with tempfile.NamedTemporaryFile(suffix=".safetensors") as stand_in:
        stand_in.write(header)
        stand_in.flush()
        os.truncate(stand_in.name, file.size)
        return complaint(Path(stand_in.name))


def library_findings(library: dict[str, str], refused: set[str]) -> Iterator[Finding]:
    """Where its verdict and ours are not the same.

    Args:
        library: its complaints by file name.
        refused: the files that we refuse.
    """
    for name, problem in library.items():
        if problem and name not in refused:
            message = f"the safetensors library refuses this file: {problem}"
            yield Finding("library", "error", name, message)
        elif not problem and name in refused and not name.endswith(".json"):
            message = "the safetensors library opens this file all the same"
            yield Finding("library", "info", name, message)
