"""``@FILE``: exact names, one a line, as ``-f names`` writes them.

A line that begins with ``"`` is a JSON string; any other is the name itself. Empty lines
don't count.
"""

import json
import sys
from pathlib import Path

from paramctl.errors import SelectionError
from paramctl.manifest import Manifest
from paramctl.names import show
from paramctl.select.similar import hint_for


def read_names(path: str, manifest: Manifest) -> list[str]:
    """The names that a list holds, in its order.

    Args:
        path: a file, or ``-`` for standard input.

    Raises:
        SelectionError: the list can't be read, is empty, or names what the manifest lacks.
    """
    where = "standard input" if path == "-" else show(path)
    lines = _text(path, where).split("\n")
    names = []
    for number, line in enumerate(lines, 1):
        line = line.removesuffix("\r")
        if not line:
            continue
        name = _name(line, f"{where}:{number}")
        if name not in manifest:
            raise SelectionError(
                f"no tensor named '{show(name)}'",
                where=f"{where}:{number}",
                hint=hint_for(name, manifest, tensors_only=True),
            )
        names.append(name)
    if not names:
        raise SelectionError("a list of names, and it is empty", where=where)
    return names


def _text(path: str, where: str) -> str:
    try:
        if path != "-":
            return Path(path).read_text("utf-8", "strict")
        stream = getattr(sys.stdin, "buffer", None)
        return stream.read().decode("utf-8") if stream else sys.stdin.read()
    except OSError as error:
        raise SelectionError(
            f"can't read this list of names: {error.strerror}", where=where
        ) from None
    except UnicodeDecodeError:
        raise SelectionError("this list of names is no UTF-8 text", where=where) from None
    except ValueError as error:
        raise SelectionError(f"can't read this list of names: {error}", where=where) from None


def _name(line: str, where: str) -> str:
    if not line.startswith('"'):
        return line
    try:
        name = json.loads(line)
    except (ValueError, RecursionError):
        name = None
    if not isinstance(name, str):
        raise SelectionError(
            f"'{show(line[:80])}' begins like a JSON string and is none", where=where
        )
    return name
