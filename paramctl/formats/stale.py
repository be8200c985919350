"""Clear away what a killed process left: hidden parts whose owner is gone."""

import contextlib
import fcntl
import os
import re
import shutil
import stat

_PART = re.compile(r"\.(?P<name>.*)\.paramctl-(?P<pid>\d+)-[0-9a-f]{8}\.part", re.S)


def sweep(folder: int, name: str) -> None:
    """Remove parts of a destination that no living process is building.

    A part is left alone while its process lives or its lock is held, and when anything about
    it is unclear.
    """
    for entry in os.listdir(folder):
        match = _PART.fullmatch(entry)
        if match and match["name"] == name[:180] and not _is_alive(int(match["pid"])):
            with contextlib.suppress(OSError):
                _remove(folder, entry)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):  # another user's, or no number that a process can have
        return True
    return True


def _remove(folder: int, entry: str) -> None:
    fd = os.open(entry, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if stat.S_ISDIR(os.fstat(fd).st_mode):
            shutil.rmtree(entry, dir_fd=folder)
        else:
            os.unlink(entry, dir_fd=folder)
    finally:
        os.close(fd)
