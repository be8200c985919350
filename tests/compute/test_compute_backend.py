"""The host backend, and what ``--device`` means with and without a GPU."""

import contextlib
import sys
import types

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paramctl.compute import devices as found
from paramctl.compute.backend import HOST
from paramctl.compute.cuda import CudaBackend, first_line
from paramctl.compute.devices import choose_device, devices
from paramctl.errors import ResourceError, UsageError


def fake_cupy(count=1):
    """NumPy under CuPy's name, with as many cards as asked for."""
    runtime = types.SimpleNamespace(
        getDeviceCount=lambda: count,
        getDeviceProperties=lambda index: {"name": b"Card\0\0", "totalGlobalMem": 1 << 30},
    )
    stream = types.SimpleNamespace(synchronize=lambda: None)
    cuda = types.SimpleNamespace(
        runtime=runtime,
        Device=lambda index: contextlib.nullcontext(),
        get_current_stream=lambda: stream,
    )
    return types.SimpleNamespace(
        cuda=cuda,
        ndarray=types.SimpleNamespace,
        ones=np.ones,
        asarray=np.array,
        asnumpy=np.asarray,
        ascontiguousarray=np.ascontiguousarray,
        where=np.where,
        isnan=np.isnan,
    )


@pytest.fixture
def no_gpu(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", None)


@pytest.fixture
def one_gpu(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", fake_cupy())


def test_the_host_is_always_there(no_gpu):
    listed, reason = devices()
    assert [(device.name, device.kind) for device in listed] == [("cpu", "cpu")]
    assert listed[0].memory > 0
    assert reason


def test_a_card_is_listed_by_name_and_memory(one_gpu):
    listed, reason = devices()
    assert listed[1] == ("cuda:0", "cuda", "Card", 1 << 30)
    assert reason == ""


def test_cpu_is_the_host():
    assert choose_device("cpu") == ((HOST,), "")


@pytest.mark.parametrize("text", ["cuda", "cuda:0", "cuda:1", "both"])
def test_a_gpu_that_is_not_there_is_exit_4(text, monkeypatch):
    def missing():
        return None, "CuPy is not installed (pip install 'paramctl[cuda12]')"

    monkeypatch.setattr(found, "_cupy", missing)
    with pytest.raises(ResourceError) as caught:
        choose_device(text)
    index = text[-1] if ":" in text else "0"
    assert caught.value.exit_code == 4
    assert str(caught.value) == (
        f"no device cuda:{index}: CuPy is not installed (pip install 'paramctl[cuda12]')"
    )
    assert caught.value.hint == "use --device cpu, or auto to fall back"


def test_a_card_beyond_the_last_is_exit_4(one_gpu):
    with pytest.raises(ResourceError) as caught:
        choose_device("cuda:7")
    assert (str(caught.value), caught.value.hint) == ("no device cuda:7", "there is cuda:0")


def test_auto_falls_back_and_says_so(no_gpu):
    choice = choose_device("auto")
    assert choice.backends == (HOST,)
    assert choice.note.startswith("no GPU, computing on the CPU: ")


def test_auto_and_both_take_the_card(one_gpu):
    assert [b.device for b in choose_device("auto").backends] == ["cuda:0"]
    assert [b.device for b in choose_device("both").backends] == ["cpu", "cuda:0"]
    assert [b.device for b in choose_device("cuda").backends] == ["cuda:0"]


@pytest.mark.parametrize("text", ["gpu", "cuda:", "cuda:x", "", "CPU"])
def test_another_word_is_a_usage_error(text):
    with pytest.raises(UsageError) as caught:
        choose_device(text)
    assert str(caught.value) == f"no device named '{text}'"
    assert caught.value.hint == "devices are cpu, cuda, cuda:1, auto and both"


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float8_e4m3fn", "float32", "int64"])
def test_a_card_widens_bits_to_the_same_values_as_the_host(dtype):
    kind = np.dtype(getattr(ml_dtypes, dtype, dtype))
    values = np.array([[0, 1.5, -2], [3, 0.25, 100]]).astype(kind)
    card = CudaBackend(fake_cupy(), 0)
    np.testing.assert_array_equal(card.widen(values), HOST.widen(values))


@given(st.lists(st.floats(width=32), min_size=1, max_size=20))
def test_rounding_to_bfloat16_by_bits_is_the_rounding_of_ml_dtypes(numbers):
    array = np.array(numbers, np.float32)
    card = CudaBackend(fake_cupy(), 0)
    expected = array.astype(ml_dtypes.bfloat16).astype(np.float32)
    np.testing.assert_array_equal(card.round_bfloat16(array), expected)
    np.testing.assert_array_equal(HOST.round_bfloat16(array), expected)


@pytest.mark.parametrize(
    ("dtype", "data"), [("BF16", b"\x80\x3f\x00\xc0"), ("F16", b"\x00\x3c\x00\xc0")]
)
def test_bytes_of_a_tensor_become_values(dtype, data):
    np.testing.assert_array_equal(HOST.decode(dtype, data, (1, 2)), [[1.0, -2.0]])


def test_an_array_that_is_here_already_is_not_copied():
    array = np.ones(3, np.float32)
    assert HOST.asarray(array) is array
    assert HOST.widen(array) is array
    assert HOST.to_numpy(array) is array


def test_zero_dimensional_and_empty_arrays_keep_their_shape():
    for shape in ((), (0, 3), (1,)):
        array = np.zeros(shape, ml_dtypes.bfloat16)
        assert HOST.widen(array).shape == shape


@pytest.mark.gpu
@pytest.mark.skipif(len(devices()[0]) == 1, reason="CuPy finds no GPU")
def test_a_real_card_computes_what_the_host_does():
    card = choose_device("cuda").backends[0]
    values = np.linspace(-3, 3, 7, dtype=np.float32).astype(ml_dtypes.bfloat16)
    np.testing.assert_array_equal(card.to_numpy(card.widen(values)), HOST.widen(values))


def cuda_error(base, text):
    """An error of a class that CuPy made."""
    return type("FailedError", (base,), {"__module__": "cupy.cuda.memory"})(text)


def failing(error):
    """A CuPy that finds a card and fails to compute on it."""

    def ones(*given, **named):
        raise error

    cupy = fake_cupy()
    cupy.ones = ones
    return cupy


def test_a_card_without_memory_is_exit_4_with_a_hint():
    card = CudaBackend(fake_cupy(2), 1)
    with pytest.raises(ResourceError) as caught, card.here():
        raise cuda_error(MemoryError, "Out of memory allocating 1,024 bytes.")
    assert caught.value.exit_code == 4
    assert str(caught.value) == "cuda:1 is out of memory: Out of memory allocating 1,024 bytes."
    assert caught.value.hint == "take a smaller input, or --device cpu"


def test_a_card_that_fails_is_exit_4():
    card = CudaBackend(fake_cupy(), 0)
    with pytest.raises(ResourceError) as caught, card.here():
        raise cuda_error(RuntimeError, "CUBLAS_STATUS_EXECUTION_FAILED\nmore")
    assert str(caught.value) == "cuda:0 failed: CUBLAS_STATUS_EXECUTION_FAILED"
    assert caught.value.hint == "use --device cpu; `paramctl devices` lists what there is"


@pytest.mark.parametrize("error", [MemoryError("the host's"), ValueError("a bug"), KeyError("x")])
def test_errors_that_are_not_of_the_card_pass_as_they_are(error):
    with pytest.raises(type(error)) as caught, CudaBackend(fake_cupy(), 0).here():
        raise error
    assert caught.value is error


@pytest.mark.parametrize("text", ["cuda", "both"])
def test_a_card_whose_libraries_are_missing_is_exit_4(monkeypatch, text):
    monkeypatch.setitem(sys.modules, "cupy", failing(OSError("libnvrtc.so.12: not found")))
    with pytest.raises(ResourceError) as caught:
        choose_device(text)
    assert str(caught.value) == "cuda:0 failed: libnvrtc.so.12: not found"


def test_auto_passes_over_a_card_that_fails(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", failing(cuda_error(RuntimeError, "no kernel image")))
    assert choose_device("auto") == (
        (HOST,), "no GPU, computing on the CPU: cuda:0 failed: no kernel image"
    )  # fmt: skip


def test_no_driver_is_told(monkeypatch):
    cupy = fake_cupy()

    def count():
        raise cuda_error(RuntimeError, "cudaErrorInsufficientDriver: CUDA driver is insufficient")

    cupy.cuda.runtime.getDeviceCount = count
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    listed, reason = devices()
    assert len(listed) == 1
    assert reason == "cudaErrorInsufficientDriver: CUDA driver is insufficient"


def test_a_framed_page_of_an_error_is_told_by_its_cause():
    page = ImportError("\n=====\nFailed to import CuPy.\n=====")
    page.__cause__ = OSError("libcuda.so.1: cannot open shared object file")
    assert first_line(page) == "libcuda.so.1: cannot open shared object file"


def test_a_part_of_cupy_that_is_missing_is_not_told_as_no_cupy(tmp_path, monkeypatch):
    (tmp_path / "cupy.py").write_text("import cuda.surely_missing_part\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "cupy", raising=False)
    assert devices()[1].startswith("CuPy can't be loaded: No module named 'cuda")
