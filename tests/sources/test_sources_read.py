"""Reading bytes and arrays of a source: exactly the tensor, from any thread, or an error."""

import os
import threading
from pathlib import Path

import numpy as np
import pytest
import spell
from hypothesis import given, settings
from hypothesis import strategies as st

from paramctl.dtypes import DTYPES
from paramctl.errors import CheckpointError, UsageError
from paramctl.sources.open import open_source

FOLDER = Path(__file__).parents[2] / "fixtures" / "checkpoints"
CONTENT = bytes(range(256)) * 40


@pytest.fixture
def path(tmp_path):
    made = tmp_path / "m.safetensors"
    tensors = {"before": ("U8", [3], b"xyz"), "a": ("U8", [len(CONTENT)], CONTENT)}
    made.write_bytes(spell.checkpoint(tensors, {"tied": "a"}))
    return made


def test_bytes_are_those_of_the_tensor_and_an_alias_has_the_same(path):
    with open_source(path) as source:
        assert source.raw("a") == source.raw("tied") == CONTENT
        assert source.raw("before") == b"xyz"


@given(st.integers(0, len(CONTENT)), st.integers(0, len(CONTENT)))
@settings(max_examples=30, deadline=None)
def test_a_part_is_the_slice_of_the_whole(start, stop):
    with open_source(FOLDER / "f8.safetensors") as source:
        start, stop = sorted((start % 257, stop % 257))
        assert source.raw("all.F8_E5M2", start, stop) == bytes(range(256))[start:stop]


@pytest.mark.parametrize(("start", "count"), [(-1, 1), (0, len(CONTENT) + 1), (len(CONTENT), 1)])
def test_reading_beyond_a_tensor_is_a_mistake_of_the_caller(path, start, count):
    with open_source(path) as source, pytest.raises(ValueError, match="not all inside 'a'"):
        source.read_into("a", bytearray(count), start)


def test_blocks_are_the_tensor_in_order(path):
    with open_source(path) as source:
        blocks = [bytes(block) for block in source.blocks("a", 4096)]
    assert [len(block) for block in blocks] == [4096, 4096, 2048]
    assert b"".join(blocks) == CONTENT


def test_blocks_reuse_one_buffer(path):
    with open_source(path) as source:
        buffers = {id(block.obj) for block in source.blocks("a", 4096)}
    assert len(buffers) == 1


def test_a_tensor_without_bytes_has_no_blocks():
    with open_source(FOLDER / "zero-size.safetensors") as source:
        assert list(source.blocks("empty.weight")) == []
        assert source.raw("empty.weight") == b""
        assert source.array("empty.weight").shape == (0, 4)


def test_a_buffer_of_any_kind_is_filled(path):
    array = np.zeros((64, 160), np.uint8)
    with open_source(path) as source:
        source.read_into("a", array)
    assert array.tobytes() == CONTENT


@pytest.mark.parametrize("dtype", sorted(DTYPES))
def test_every_dtype_that_has_an_array_is_read_as_one(dtype):
    with open_source(FOLDER / "dtypes.safetensors") as source:
        name = f"t.{dtype}"
        if not DTYPES[dtype].array:
            with pytest.raises(UsageError) as caught:
                source.array(name)
            assert str(caught.value) == f"{dtype} tensors can be listed and copied, not computed on"
            return
        array = source.array(name)
        assert array.dtype == DTYPES[dtype].numpy()
        assert array.shape == (2, 4)
        assert array.tobytes() == source.raw(name)


def test_an_array_is_the_callers_own():
    with open_source(FOLDER / "mlp.safetensors") as source:
        first, second = source.array("0.bias"), source.array("0.bias")
        first[:] = 0
        assert second.any()
        assert first.flags.writeable


def test_a_scalar_stays_a_scalar():
    with open_source(FOLDER / "scalar.safetensors") as source:
        assert source.array("num_batches_tracked").shape == ()
        assert source.array("num_batches_tracked") == 7


def test_a_shape_that_no_array_can_have_is_an_error(tmp_path):
    path = tmp_path / "m.safetensors"
    path.write_bytes(spell.file({"a": spell.entry("U8", [1] * 70, 0, 1)}, b"x"))
    with open_source(path) as source, pytest.raises(UsageError) as caught:
        source.array("a")
    assert str(caught.value) == (
        "a: NumPy can't make an array of shape [1, 1, 1, 1, 1, 1, 1, 1, … 54 more …, 1, 1, 1, 1, "
        "1, 1, 1, 1]"
    )


def test_a_span_is_where_the_bytes_are(path):
    with open_source(path) as source:
        fd, start, stop = source.span("tied")
        assert os.pread(fd, stop - start, start) == CONTENT


def test_a_file_cut_while_it_is_open_is_an_error_not_a_signal(path):
    with open_source(path) as source:
        size = path.stat().st_size
        os.truncate(path, size - 100)
        with pytest.raises(CheckpointError) as caught:
            source.raw("a")
        assert str(caught.value) == (
            f"{path}: a: the file ended at byte {size - 100}, 100 bytes early: it was cut while it "
            "was read"
        )
        with pytest.raises(CheckpointError) as caught:
            source.check_unchanged()
        assert str(caught.value) == (
            f"{path}: the file changed while it was read: it was {size} bytes and is "
            f"{size - 100} now"
        )


def test_a_file_written_to_is_noticed(path):
    with open_source(path) as source:
        source.check_unchanged()
        os.utime(path, ns=(1, 1))
        with pytest.raises(CheckpointError) as caught:
            source.check_unchanged()
    assert str(caught.value) == f"{path}: the file changed while it was read: it was written to"


def test_a_file_replaced_is_noticed(path, tmp_path):
    other = tmp_path / "other"
    other.write_bytes(path.read_bytes())
    with open_source(path) as source:
        other.rename(path)
        assert source.raw("a") == CONTENT
        with pytest.raises(CheckpointError) as caught:
            source.check_unchanged()
    assert str(caught.value) == (
        f"{path}: the file changed while it was read: it was replaced by another file"
    )


def test_a_file_deleted_is_noticed(path):
    with open_source(path) as source:
        path.unlink()
        with pytest.raises(CheckpointError) as caught:
            source.check_unchanged()
    assert str(caught.value) == f"{path}: no such file"


def test_threads_read_the_same_source_at_once(path):
    wrong = []
    with open_source(path) as source:

        def read() -> None:
            starts = range(0, len(CONTENT), 97)
            wrong.extend(start for start in starts if source.raw("a", start) != CONTENT[start:])

        threads = [threading.Thread(target=read) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert wrong == []


def test_a_closed_source_reads_no_more(path):
    source = open_source(path)
    assert _is_open(path)
    source.close()
    assert not _is_open(path)


def _is_open(path):
    return any(os.path.realpath(fd) == str(path) for fd in Path("/proc/self/fd").iterdir())


@pytest.mark.parametrize("content", [b"", b"{", spell.file("{}", b"x")])
def test_no_descriptor_is_left_open_where_opening_fails(tmp_path, content):
    path = tmp_path / "m.safetensors"
    path.write_bytes(content)
    with pytest.raises(CheckpointError):
        open_source(path)
    assert not _is_open(path)
