"""Arrays from the files that users keep them in: ``.npy`` and ``.safetensors``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from paramctl.errors import CheckpointError, UsageError
from paramctl.names import near, show
from paramctl.sources.open import open_source


def read_array(path: Path, name: str) -> Any:
    """The array of a ``.npy`` file, or of the tensor ``name`` (or the only one) of a checkpoint.

    Raises:
        UsageError: it can't be read, or holds several tensors and none of that name.
    """
    if path.suffix == ".safetensors":
        return _from_checkpoint(path, name)
    _require_file(path)
    try:
        with path.open("rb") as file:
            starts_well = file.read(6) == b"\x93NUMPY"
        array = np.load(path, allow_pickle=False) if starts_well else None
    except (OSError, ValueError, EOFError, MemoryError) as error:
        raise UsageError(
            f"it can't be read as a .npy file: {_first_line(error)}", where=show(str(path))
        ) from None
    if array is None:
        hint = "give a file that numpy.save wrote, or a .safetensors file"
        raise UsageError("it can't be read as a .npy file", where=show(str(path)), hint=hint)
    if array.dtype.kind not in "biufc":
        problem = f"it holds {array.dtype}, wanted one array of numbers"
        raise UsageError(problem, where=show(str(path)))
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def read_arrays(path: Path) -> dict[str, Any]:
    """Every array of a checkpoint by name; the one array of a ``.npy`` file under ``output``.

    Raises:
        UsageError: it can't be read.
    """
    if path.suffix != ".safetensors":
        return {"output": read_array(path, "output")}
    with _opened(path) as source:
        return {entry.name: source.array(entry.name) for entry in source.manifest}


def _from_checkpoint(path: Path, name: str) -> Any:
    with _opened(path) as source:
        names = source.manifest.names
        chosen = name if name in source.manifest else names[0] if len(names) == 1 else None
        if chosen is None:
            similar = ", ".join(show(other) for other in near(name, names))
            raise UsageError(
                f"it holds {len(names)} tensors, none named '{show(name)}'",
                where=show(str(path)),
                hint=f"near names: {similar}" if similar else "",
            )
        return source.array(chosen)


def _opened(path: Path) -> Any:
    _require_file(path)
    try:
        return open_source(path)
    except CheckpointError as error:
        raise UsageError(error.problem, where=error.where, hint=error.hint) from None


def _require_file(path: Path) -> None:
    if not path.is_file():
        raise UsageError(f"no such file: {show(str(path))}")


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
