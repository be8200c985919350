"""A file that no name leads to until it is complete, and then replaces another in one step."""

import errno
import fcntl
import os
import secrets
import stat
from pathlib import Path

from paramctl.errors import ResourceError
from paramctl.formats.inherit import inherit
from paramctl.formats.kernel import UnsupportedError, exchange, rename_new, undisturbed

_NO_UNNAMED = {errno.EOPNOTSUPP, errno.EISDIR, errno.ENOENT, errno.EINVAL, errno.ENOSYS}


def part_name(name: str) -> str:
    """A fresh name for what is being built; it never ends like a checkpoint's."""
    return f".{name[:180]}.paramctl-{os.getpid()}-{secrets.token_hex(4)}.part"


class HiddenFile:
    """An open file without a name, or with a hidden one where the file system wants one.

    Args:
        folder: descriptor of the folder it will lie in.
        name: the name it will have.
        replaces: the status of the file it will replace, whose mode it takes; else the
            mode is that of a new file.
    """

    def __init__(self, folder: int, name: str, replaces: os.stat_result | None = None) -> None:
        self.folder = folder
        self.name = name
        self.replaces = replaces
        self.part = part_name(name)
        self.is_named = False
        with undisturbed():
            self.fd = self._open(0o666 if replaces is None else stat.S_IMODE(replaces.st_mode))
        if replaces is not None:
            inherit(self.fd, f"/proc/self/fd/{folder}/{name}", replaces)

    def _open(self, mode: int) -> int:
        mode &= 0o777
        if Path("/proc/self/fd").exists():
            try:
                return os.open(".", os.O_RDWR | os.O_TMPFILE, mode, dir_fd=self.folder)
            except OSError as error:
                if error.errno not in _NO_UNNAMED:
                    raise
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        fd = os.open(self.part, flags, mode, dir_fd=self.folder)
        self.is_named = True
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return fd

    def publish(self) -> None:
        """Give the file its name: a free one, or the one of the file it replaces.

        Raises:
            FileExistsError: the name was free before and is taken now.
            OSError: anything else; the folder is then as it was.
        """
        with undisturbed():
            if self.replaces is None:
                self._take_free_name()
            else:
                self._take_over()

    def take_back(self) -> None:
        """Undo ``publish`` while the file is open: the old file has its name again."""
        with undisturbed():
            if self.replaces is None:
                os.unlink(self.name, dir_fd=self.folder)
            elif self.is_named:  # where names can't be swapped, the old file is gone
                exchange(self.folder, self.part, self.name)

    def _take_free_name(self) -> None:
        if not self.is_named:
            self._link(self.name)
        else:
            _rename_new(self.folder, self.part, self.name)
            self.is_named = False
        try:
            os.fsync(self.folder)
        except OSError:
            os.unlink(self.name, dir_fd=self.folder)
            raise

    def _take_over(self) -> None:
        if not self.is_named:
            self._link(self.part)
            self.is_named = True
        try:
            exchange(self.folder, self.part, self.name)
        except UnsupportedError:
            os.rename(self.part, self.name, src_dir_fd=self.folder, dst_dir_fd=self.folder)
            self.is_named = False
            os.fsync(self.folder)
            return
        try:
            os.fsync(self.folder)
        except OSError:
            exchange(self.folder, self.part, self.name)
            raise

    def _link(self, name: str) -> None:
        os.link(f"/proc/self/fd/{self.fd}", name, dst_dir_fd=self.folder, follow_symlinks=True)

    def close(self) -> None:
        """Let go of the file; what has no name by now, or a hidden one, is gone."""
        with undisturbed():
            if self.is_named:
                os.unlink(self.part, dir_fd=self.folder)
                self.is_named = False
            os.close(self.fd)


def _rename_new(folder: int, part: str, name: str) -> None:
    try:
        rename_new(folder, part, name)
    except UnsupportedError:
        try:
            os.link(part, name, src_dir_fd=folder, dst_dir_fd=folder)
        except PermissionError:
            raise ResourceError(
                "this file system can't give a file a name without replacing another", where=name
            ) from None
        os.unlink(part, dir_fd=folder)
