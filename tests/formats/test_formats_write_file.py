"""One file, whole or not at all: what it holds, its permissions, and what stops it."""

import os
import stat

import pytest
import spell

from paramctl.errors import CheckpointError, ResourceError
from paramctl.formats import copying, fill, hidden, kernel
from paramctl.formats.content import Span
from paramctl.formats.destination import choose_destination
from paramctl.formats.hidden import HiddenFile
from paramctl.formats.image import Image
from paramctl.formats.write_file import write_file
from paramctl.manifest import Entry


class Bytes:
    """A content of given bytes."""

    def __init__(self, data):
        self.data, self.nbytes = data, len(data)

    def span(self):
        return None

    def blocks(self):
        yield from (self.data[:3], self.data[3:])


def image(data=b"\1\2\3\4\5", name="a"):
    entry = Entry(name, "U8", (len(data),))
    return Image("x", (entry,), (Bytes(data),), {"format": "pt"})


WHOLE = spell.checkpoint({"a": ("U8", (5,), b"\1\2\3\4\5")}, {"format": "pt"})


def write(path, drawn=None, *, force=False, unchanged=lambda: None):
    write_file(choose_destination(path, force=force), drawn or image(), unchanged)


def alone(folder):
    return sorted(path.name for path in folder.iterdir())


def test_the_file_is_what_the_format_says(tmp_path):
    write(tmp_path / "out.safetensors")
    assert (tmp_path / "out.safetensors").read_bytes() == WHOLE
    assert alone(tmp_path) == ["out.safetensors"]


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o027, 0o077])
def test_a_new_file_has_the_mode_of_any_new_file(tmp_path, umask):
    before = os.umask(umask)
    try:
        write(tmp_path / "out.safetensors")
    finally:
        os.umask(before)
    mode = stat.S_IMODE((tmp_path / "out.safetensors").stat().st_mode)
    assert mode == 0o666 & ~umask


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
@pytest.mark.parametrize("mode", [0o600, 0o644, 0o664, 0o440, 0o755])
def test_a_replaced_file_keeps_its_mode(tmp_path, umask, mode):
    path = tmp_path / "out.safetensors"
    path.write_bytes(b"old")
    path.chmod(mode)
    before = os.umask(umask)
    try:
        write(path, force=True)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == mode
    assert path.read_bytes() == WHOLE


def test_other_links_to_a_replaced_file_keep_the_old_content(tmp_path):
    path = tmp_path / "out.safetensors"
    path.write_bytes(b"old")
    os.link(path, tmp_path / "twin")
    write(path, force=True)
    assert (tmp_path / "twin").read_bytes() == b"old"


@pytest.mark.parametrize("force", [False, True])
def test_without_unnamed_files_a_hidden_one_serves(tmp_path, monkeypatch, force):
    """File systems such as NFS have no O_TMPFILE."""
    real = os.open

    def no_unnamed(path, flags, *rest, **named):
        if flags & os.O_TMPFILE == os.O_TMPFILE:
            raise OSError(95, "Operation not supported")
        return real(path, flags, *rest, **named)

    monkeypatch.setattr(os, "open", no_unnamed)
    path = tmp_path / "out.safetensors"
    if force:
        path.write_bytes(b"old")
    write(path, force=force)
    assert path.read_bytes() == WHOLE
    assert alone(tmp_path) == ["out.safetensors"]


@pytest.mark.parametrize("force", [False, True])
def test_without_renameat2_plain_calls_serve(tmp_path, monkeypatch, force):
    def unsupported(*given):
        raise kernel.UnsupportedError(22, "Invalid argument")

    monkeypatch.setattr(kernel, "_rename", unsupported)
    path = tmp_path / "out.safetensors"
    if force:
        path.write_bytes(b"old")
    write(path, force=force)
    assert path.read_bytes() == WHOLE
    assert alone(tmp_path) == ["out.safetensors"]


def test_a_destination_that_appears_meanwhile_is_left_alone(tmp_path):
    path = tmp_path / "out.safetensors"
    with pytest.raises(ResourceError) as caught:
        write(path, unchanged=lambda: path.write_bytes(b"someone else's"))
    assert str(caught.value) == f"{path}: it appeared while it was being written"
    assert path.read_bytes() == b"someone else's"
    assert alone(tmp_path) == ["out.safetensors"]


def test_a_destination_that_changes_meanwhile_is_left_alone(tmp_path):
    path = tmp_path / "out.safetensors"
    path.write_bytes(b"old")
    with pytest.raises(ResourceError) as caught:
        write(path, force=True, unchanged=lambda: path.write_bytes(b"newer"))
    assert str(caught.value) == f"{path}: it changed while its replacement was being written"
    assert path.read_bytes() == b"newer"
    assert alone(tmp_path) == ["out.safetensors"]


def test_bytes_that_read_back_different_are_noticed(tmp_path, monkeypatch):
    """A disk that lies: one bit of the tensor flips between writing and reading."""

    def flip(fd, position):
        byte = os.pread(fd, 1, position)[0]
        os.pwrite(fd, bytes([byte ^ 1]), position)

    def sync(fd):
        flip(fd, os.fstat(fd).st_size - 1)

    monkeypatch.setattr(fill.os, "fsync", sync)
    with pytest.raises(ResourceError) as caught:
        write(tmp_path / "out.safetensors")
    assert str(caught.value) == "a: its bytes read back different from what was written"
    assert alone(tmp_path) == []


def test_a_copy_that_reads_back_different_is_noticed(tmp_path, monkeypatch):
    """A kernel copy that claims to have copied and did not."""
    monkeypatch.setattr(os, "copy_file_range", lambda a, b, count, *rest: count)
    source = tmp_path / "source"
    source.write_bytes(b"\1\2\3\4\5")
    with source.open("rb") as file:

        class Copied(Bytes):
            def span(self):
                return Span(file.fileno(), 0, 5)

        entry = Entry("a", "U8", (5,))
        with pytest.raises(ResourceError) as caught:
            write(tmp_path / "out.safetensors", Image("x", (entry,), (Copied(b"     "),)))
    assert str(caught.value) == "a: its bytes read back different from what was written"


@pytest.mark.parametrize("name", ["EXDEV", "EINVAL", "ENOSYS", "EOPNOTSUPP", "short", "zero"])
def test_a_copy_that_the_kernel_refuses_goes_through_a_buffer(tmp_path, monkeypatch, name):
    import errno

    real = os.copy_file_range

    def refuse(source, target, count, *rest):
        if name == "short":
            return real(source, target, max(1, count // 3), *rest)
        if name == "zero":
            return 0
        raise OSError(getattr(errno, name), "no")

    monkeypatch.setattr(os, "copy_file_range", refuse)
    data = os.urandom(100_000)
    (tmp_path / "a").write_bytes(data)
    with (tmp_path / "a").open("rb") as a, (tmp_path / "b").open("w+b") as b:
        span = Span(a.fileno(), 17, 99_000)
        assert copying.copy_span(span, b.fileno(), 5, where="t") == 5 + 99_000 - 17
    assert (tmp_path / "b").read_bytes()[5:] == data[17:99_000]


def test_short_writes_are_taken_up_where_they_stopped(tmp_path, monkeypatch):
    real = os.pwrite
    monkeypatch.setattr(
        os, "pwrite", lambda fd, data, at: real(fd, data[: len(data) // 2 or 1], at)
    )
    write(tmp_path / "out.safetensors")
    assert (tmp_path / "out.safetensors").read_bytes() == WHOLE


def test_an_input_that_became_shorter_has_an_error_of_its_own(tmp_path):
    (tmp_path / "a").write_bytes(b"12345")
    with (
        (tmp_path / "a").open("rb") as a,
        (tmp_path / "b").open("w+b") as b,
        pytest.raises(CheckpointError) as caught,
    ):
        copying.copy_span(Span(a.fileno(), 0, 9), b.fileno(), 0, where="t")
    assert str(caught.value) == "t: the file ended at byte 5, before byte 9"


def test_until_the_end_nothing_can_be_read_as_a_checkpoint(tmp_path, monkeypatch):
    """The length says FF×8 while the data are written and checked."""
    seen = []
    real = fill._verify

    def look(fd, drawn, sums):
        seen.append(os.pread(fd, 8, 0))
        real(fd, drawn, sums)

    monkeypatch.setattr(fill, "_verify", look)
    write(tmp_path / "out.safetensors")
    assert seen == [b"\xff" * 8]


def test_a_part_never_ends_like_a_checkpoint():
    assert hidden.part_name("model.safetensors").startswith(".model.safetensors.paramctl-")
    assert hidden.part_name("model.safetensors").endswith(".part")
    assert len(os.fsencode(hidden.part_name("x" * 255))) < 255


def test_parts_of_dead_processes_are_cleared_away(tmp_path):
    """Of this destination only, and none whose process lives."""
    gone = os.spawnv(os.P_NOWAIT, "/bin/true", ["true"])
    os.waitpid(gone, 0)
    dead = tmp_path / f".out.safetensors.paramctl-{gone}-0123abcd.part"
    alive = tmp_path / f".out.safetensors.paramctl-{os.getpid()}-0123abcd.part"
    other = tmp_path / f".other.safetensors.paramctl-{gone}-0123abcd.part"
    for part in (dead, alive, other):
        part.touch()
    write(tmp_path / "out.safetensors")
    assert alone(tmp_path) == sorted([alive.name, other.name, "out.safetensors"])


def test_a_part_that_is_locked_stays(tmp_path):
    """A process of another machine or container may own it."""
    import fcntl

    gone = os.spawnv(os.P_NOWAIT, "/bin/true", ["true"])
    os.waitpid(gone, 0)
    part = tmp_path / f".out.safetensors.paramctl-{gone}-0123abcd.part"
    with part.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        write(tmp_path / "out.safetensors")
    assert part.exists()


def test_an_unpublished_file_leaves_nothing(tmp_path):
    folder = os.open(tmp_path, os.O_RDONLY)
    file = HiddenFile(folder, "out.safetensors")
    os.pwrite(file.fd, b"x", 0)
    file.close()
    os.close(folder)
    assert alone(tmp_path) == []
