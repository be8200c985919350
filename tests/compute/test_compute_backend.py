"""The host backend, and what ``--device`` means with and without a GPU."""

import sys
import types

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paramctl.compute import devices as found
from paramctl.compute.backend import HOST
from paramctl.compute.cuda import CudaBackend
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
        Device=lambda index: types.SimpleNamespace(use=lambda: None),
        get_current_stream=lambda: stream,
    )
    return types.SimpleNamespace(
        cuda=cuda,
        ndarray=types.SimpleNamespace,
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
