"""Replace one small file in one step."""

import contextlib
import os
from pathlib import Path

from paramctl.formats.copying import write_at
from paramctl.formats.fill import reserve
from paramctl.formats.hidden import HiddenFile
from paramctl.formats.write_file import told
from paramctl.names import show


def write_text(path: Path, text: bytes) -> None:
    """Give an existing file a new content; its permissions stay.

    Raises:
        ResourceError: the disk is full or can't be written.
    """
    with told(show(str(path))):
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            with contextlib.closing(HiddenFile(folder, path.name, path.lstat())) as file:
                reserve(file.fd, len(text))
                write_at(file.fd, text, 0)
                os.fsync(file.fd)
                file.publish()
        finally:
            os.close(folder)
