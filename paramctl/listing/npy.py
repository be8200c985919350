"""Write an array as a ``.npy`` file, whole or not at all."""

import contextlib
import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paramctl.errors import UsageError
from paramctl.formats.destination import exists, identity
from paramctl.formats.hidden import HiddenFile
from paramctl.formats.write_file import told
from paramctl.names import show

if TYPE_CHECKING:
    import numpy as np


def portable(array: "np.ndarray[Any, Any]") -> "np.ndarray[Any, Any]":
    """The array in a dtype that NumPy has by itself: BF16 and 8-bit floats as float32, exactly."""
    import numpy as np

    return (
        array
        if array.dtype.isbuiltin == 1 or array.dtype.kind in "biufc"
        else array.astype(np.float32)
    )


def write_npy(
    path: Path, array: "np.ndarray[Any, Any]", *, inputs: Iterable[Path] = (), force: bool = False
) -> None:
    """Write an array to a file that is complete before it has its name.

    Args:
        inputs: files that are never replaced.
        force: whether another regular file may be replaced.

    Raises:
        UsageError: something is there that must not be replaced.
        ResourceError: the disk is full or can't be written.
    """
    import numpy as np

    where = show(str(path))
    with told(where):
        replaces = _replaced(path, where, inputs, force=force)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            with contextlib.closing(HiddenFile(folder, path.name, replaces)) as file:
                with open(os.dup(file.fd), "wb") as stream:
                    np.lib.format.write_array(stream, array, allow_pickle=False)
                    stream.flush()
                os.fsync(file.fd)
                file.publish()
        finally:
            os.close(folder)


def _replaced(
    path: Path, where: str, inputs: Iterable[Path], *, force: bool
) -> os.stat_result | None:
    if not os.path.lexists(path):
        return None
    status = path.lstat()
    kept = {identity(file.stat()) for file in inputs if file.exists()}
    if identity(status) in kept:
        raise UsageError("it is the checkpoint itself", where=where)
    if not force:
        raise exists(where)
    if not stat.S_ISREG(status.st_mode):
        raise UsageError("--force replaces regular files only", where=where)
    return status
