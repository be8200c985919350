"""What a file takes over from the one it replaces: owner, permissions, extended attributes."""

import contextlib
import errno
import os
import stat
from pathlib import Path

_REFUSED = {errno.EPERM, errno.EACCES, errno.EOPNOTSUPP, errno.EINVAL, errno.ENODATA}


def inherit(fd: int, path: Path | str, status: os.stat_result) -> None:
    """Make an open file or folder like the one that it will replace, as far as its user may.

    Only root may give a file away, and some attributes are the system's own.

    Args:
        path: of what is replaced.
        status: of the same.
    """
    own = os.fstat(fd)
    if (own.st_uid, own.st_gid) != (status.st_uid, status.st_gid):
        with contextlib.suppress(PermissionError):
            os.fchown(fd, status.st_uid, status.st_gid)
    _take_attributes(fd, path)
    os.fchmod(fd, stat.S_IMODE(status.st_mode))


def _take_attributes(fd: int, path: Path | str) -> None:
    """Access lists and labels among them; a symbolic link's are not those of what it leads to."""
    try:
        names = os.listxattr(path, follow_symlinks=False)
    except OSError:
        return
    for name in names:
        try:
            os.setxattr(fd, name, os.getxattr(path, name, follow_symlinks=False))
        except OSError as error:
            if error.errno not in _REFUSED:
                raise
