"""A real GPU against the host: operations, whole families, gradients, stored dtypes, failures."""

from dataclasses import replace

import ml_dtypes
import numpy as np
import pytest
from command import call as command
from engine.here_and_there import INDEXED, refuses_index, same_gradients, same_outputs
from engine.stored import InFile
from engine.table import CALLS
from engine.tiny_families import tiny

from paramctl.compute.backend import HOST, quiet
from paramctl.compute.devices import choose_device, devices
from paramctl.engine.execution import Execution
from paramctl.engine.parameter import Parameter
from paramctl.errors import ResourceError
from paramctl.run import perform as performing
from paramctl.run.arrays import read_arrays
from paramctl.run.perform import perform
from paramctl.spec.load import families

pytestmark = pytest.mark.gpu
CARDS = [device.name for device in devices()[0] if device.kind == "cuda"]
if not CARDS:
    pytest.skip(devices()[1], allow_module_level=True)

FLOATS = {
    "F16": "float16", "BF16": "bfloat16", "F8_E4M3": "float8_e4m3fn", "F8_E5M2": "float8_e5m2",
}  # fmt: skip


@pytest.fixture(scope="module")
def card():
    return choose_device("cuda").backends[0]


def float_type(dtype):
    return np.dtype(getattr(ml_dtypes, FLOATS[dtype], None) or FLOATS[dtype])


def computed(call, backend):
    execution = Execution(backend, dtype="float64", mode="tape")
    operands = [
        execution.variable(x) if isinstance(x, np.ndarray) else x for x in call.operands(seed=5)
    ]
    result = execution.apply(call.operation.name, *operands, **call.example.options)
    results = result if isinstance(result, tuple) else (result,)
    for each in results:
        if each.slot is not None and call.example.smooth:
            each.slot.add(backend.xp, backend.xp.ones_like(each.array))
    execution.tape.backward(backend.xp)
    slots = [getattr(operand, "slot", None) for operand in operands]
    found = [each.array for each in results]
    found += [s.gradient for s in slots if s is not None and s.gradient is not None]
    return [backend.to_numpy(array) for array in found]


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.label)
def test_the_card_agrees_with_the_host(call, card):
    for one, other in zip(computed(call, card), computed(call, HOST), strict=True):
        assert (one.shape, one.dtype) == (other.shape, other.dtype)
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("family", families())
def test_a_family_gives_there_what_it_gives_here(family):
    here = perform(tiny(family, dtype="float64", trace=True))
    there = perform(tiny(family, dtype="float64", trace=True, device="cuda"))
    assert there.device == "cuda:0"
    same_outputs(here, there, 1e-8)
    for one, other in zip(here.trace, there.trace, strict=True):
        assert (one.module, one.shape) == (other.module, other.shape)
        assert one.absmax == pytest.approx(other.absmax, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("family", families())
def test_gradients_there_are_those_here(family, tmp_path):
    found = []
    for device in ("cpu", "cuda"):
        path = tmp_path / f"{device}.safetensors"
        options = {"dtype": "float64", "loss": "mean", "save_gradients": path}
        found.append((perform(tiny(family, device=device, **options)), read_arrays(path)))
    (here, arrays), (there, others) = found
    same_gradients(here, there, arrays, others, 1e-5, 1e-10)


@pytest.mark.parametrize("dtype", FLOATS)
def test_every_pattern_of_a_narrow_float_is_widened_to_the_bits_of_the_host(dtype, card):
    kind = float_type(dtype)
    bits = np.arange(1 << (8 * kind.itemsize), dtype=f"uint{8 * kind.itemsize}")
    values = bits.view(kind).reshape(16, -1)
    for part in (values, values.T, values[3:5, ::2], values[0, 7]):
        wide = card.to_numpy(card.widen(part))
        np.testing.assert_array_equal(wide, HOST.widen(part))
        assert (wide.shape, wide.dtype) == (part.shape, np.float32)


def test_rounding_to_bfloat16_is_that_of_the_host(card):
    bits = np.random.default_rng(0).integers(0, 1 << 32, 100_000, dtype=np.uint64)
    values = bits.astype(np.uint32).view(np.float32)
    with quiet():
        rounded = card.to_numpy(card.round_bfloat16(card.asarray(values)))
        expected = HOST.round_bfloat16(values)
    np.testing.assert_array_equal(rounded, expected)


@pytest.mark.parametrize("dtype", FLOATS)
def test_weights_in_a_file_are_multiplied_and_looked_up_in_any_dtype(dtype, card):
    values = np.random.default_rng(1).standard_normal((40, 24)).astype(float_type(dtype))
    given, ids = np.random.default_rng(2).standard_normal((3, 24)), [[39, 0, 7]]
    found = []
    for backend in (HOST, card):
        stored = InFile(values, dtype)
        run = Execution(backend, dtype="float64")
        weight = run.parameter(Parameter("w", (40, 24), dtype=dtype, value=stored))
        results = [run.apply("linear", run.constant(given), weight)]
        results.append(run.apply("embedding", run.constant(ids), weight))
        assert stored.read[-1] == [0, 7, 39]
        found.append([backend.to_numpy(result.array) for result in results])
    for here, there in zip(*found, strict=True):
        np.testing.assert_allclose(there, here, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("wrong", [4, -1])
@pytest.mark.parametrize("name", INDEXED)
def test_an_index_outside_is_refused_and_does_not_wrap(name, wrong, card):
    refuses_index(card, name, wrong)


@pytest.mark.parametrize("family", families())
def test_both_agree(family):
    found = perform(tiny(family, device="both"))
    assert (found.device, found.difference) == ("cpu+cuda:0", None)


class Askew:
    """CuPy with one function that is wrong."""

    def __init__(self, cupy):
        self._cupy = cupy

    def __getattr__(self, name):
        return getattr(self._cupy, name)

    def tanh(self, x):
        return self._cupy.tanh(x) + 1


def test_both_name_the_first_module_that_parts(monkeypatch):
    choice = choose_device("both")
    choice.backends[1].xp = Askew(choice.backends[1].xp)
    monkeypatch.setattr(performing, "choose_device", lambda text: choice)
    found = performing.perform(tiny("gpt2", device="both", tolerance=1e-5)).difference
    assert (found.module, found.type_name) == ("transformer.h.0.mlp.c_proj", "Conv1D")


@pytest.mark.parametrize("name", CARDS)
def test_a_card_is_chosen_by_its_number_in_every_thread(name):
    backend = choose_device(name).backends[0]
    with backend.here():
        made = backend.widen(np.ones(3, ml_dtypes.bfloat16))
        assert made.device.id == int(name.partition(":")[2])
    request = tiny("gpt2", device=name)
    assert perform(replace(request, loss="sum")).device == name


def test_a_card_beyond_the_last_is_exit_4():
    with pytest.raises(ResourceError) as caught:
        choose_device(f"cuda:{len(CARDS)}")
    assert caught.value.hint == f"there is {', '.join(CARDS)}"


def test_devices_lists_the_card_with_its_memory():
    listed = command("devices", "--json").json
    cards = [device for device in listed["devices"] if device["kind"] == "cuda"]
    assert [device["name"] for device in cards] == CARDS
    assert all(device["memory"] > 1 << 30 and device["model"] for device in cards)
    assert "reason" not in listed


def test_an_array_larger_than_the_card_is_exit_4(card):
    with pytest.raises(ResourceError) as caught, card.here():
        card.xp.empty(1 << 50, dtype="uint8")
    assert caught.value.exit_code == 4
    assert str(caught.value).startswith("cuda:0 is out of memory: Out of memory allocating")
    assert caught.value.hint == "take a smaller input, or --device cpu"


def test_a_run_that_fills_the_card_is_exit_4(card):
    pool = card.xp.get_default_memory_pool()
    pool.free_all_blocks()
    pool.set_limit(size=pool.used_bytes() + (1 << 14))
    try:
        with pytest.raises(ResourceError) as caught:
            perform(tiny("gpt2", device="cuda", loss="mean"))
    finally:
        pool.set_limit(size=0)
    assert str(caught.value).startswith("cuda:0 is out of memory: ")
