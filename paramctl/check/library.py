"""A second opinion: what the safetensors library says of a file."""

from collections.abc import Iterator
from pathlib import Path

from paramctl.check.finding import Finding


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
