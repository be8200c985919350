"""Write one file that is no checkpoint, piece by piece, whole or not at all."""

import contextlib
import os
from collections.abc import Iterable

from paramctl.formats.destination import Destination
from paramctl.formats.hidden import HiddenFile
from paramctl.formats.stale import sweep
from paramctl.formats.write_file import check_destination, told


def write_output(destination: Destination, pieces: Iterable[bytes]) -> int:
    """Write the pieces one after the other; the file has its name when all are on disk.

    Returns:
        The bytes written.

    Raises:
        ResourceError: the disk is full or fails, or the destination has changed meanwhile.
    """
    path = destination.path
    with told(destination.where):
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            sweep(folder, path.name)
            with contextlib.closing(HiddenFile(folder, path.name, destination.replaces)) as file:
                with open(os.dup(file.fd), "wb") as stream:
                    size = sum(map(stream.write, pieces))
                os.fsync(file.fd)
                check_destination(destination, folder)
                file.publish()
        finally:
            os.close(folder)
    return size
