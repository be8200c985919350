"""Whole models on a second device that holds to the array standard and mixes with no other."""

import numpy as np
import pytest
from engine.here_and_there import INDEXED, refuses_index, same_gradients, same_outputs
from engine.strict import StrictBackend
from engine.tiny_families import tiny

from paramctl.compute.backend import HOST
from paramctl.compute.devices import Choice
from paramctl.engine.execution import Execution
from paramctl.run import perform as performing
from paramctl.run.finite import counts

FAMILIES = (
    "gpt2", "llama", "bert", "resnet", "mamba", "t5", "mixtral", "rnn_lm", "convnextv2", "bloom",
    "clip", "whisper", "modernbert", "gemma2", "falcon", "dinov2",
)  # fmt: skip
LEARNING = ("gpt2", "llama", "bert", "resnet", "mamba")


@pytest.fixture
def run(monkeypatch):
    """A tiny model on these backends."""

    def on(request, *backends):
        monkeypatch.setattr(performing, "choose_device", lambda text: Choice(backends, ""))
        return performing.perform(request)

    return on


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_gives_there_what_it_gives_here(run, family):
    request = tiny(family, dtype="float64", trace=True)
    here, there = run(request, HOST), run(request, StrictBackend())
    same_outputs(here, there, 1e-9)


@pytest.mark.parametrize("family", LEARNING)
def test_gradients_there_are_those_here(run, family, tmp_path):
    found = []
    for backend in (HOST, StrictBackend()):
        path = tmp_path / f"{backend.device}.safetensors"
        request = tiny(family, dtype="float64", loss="mean", save_gradients=path)
        found.append((run(request, backend), performing.read_arrays(path)))
    (here, arrays), (there, others) = found
    same_gradients(here, there, arrays, others, 1e-6, 1e-12)


def test_narrow_floats_of_a_run_are_rounded_there_as_here(run):
    request = tiny("llama", dtype="bfloat16")
    here, there = run(request, HOST), run(request, StrictBackend())
    np.testing.assert_allclose(
        there.outputs["logits"].array, here.outputs["logits"].array, rtol=0.02, atol=1e-3
    )


def test_both_agree_on_a_model(run):
    found = run(tiny("llama"), HOST, StrictBackend())
    assert (found.device, found.difference) == ("cpu+device1", None)


class Askew(StrictBackend):
    """A device with one function that is wrong."""

    def __init__(self):
        super().__init__()
        self.xp.tanh = lambda x: type(self.xp).__getattr__(self.xp, "tanh")(x) + 1


def test_both_name_the_first_module_that_parts(run):
    found = run(tiny("gpt2", tolerance=1e-5), HOST, Askew()).difference
    assert (found.module, found.type_name) == ("transformer.h.0.mlp.c_proj", "Conv1D")
    assert found.max_abs > 1e-5


@pytest.mark.parametrize("wrong", [4, -1])
@pytest.mark.parametrize("name", INDEXED)
def test_an_index_outside_is_refused_there_and_does_not_wrap(name, wrong):
    refuses_index(StrictBackend(), name, wrong)


def test_what_is_not_finite_is_counted_there():
    backend = StrictBackend()
    array = backend.asarray(np.array([[1, np.nan], [np.inf, -np.inf]]))
    assert counts(backend.xp, array) == (1, 2)
    assert counts(backend.xp, array[:1, :1]) == (0, 0)


def test_complex_gradients_there_are_those_here():
    values = [np.array([1 + 2j, 3 - 1j]), np.array([0.5j, -2 + 1j])]
    found = []
    for backend in (HOST, StrictBackend()):
        run = Execution(backend, dtype="float64", mode="tape")
        one, other = map(run.variable, values)
        product = one * other
        product.slot.add(backend.xp, backend.asarray(np.array([1 - 1j, 2j])))
        run.tape.backward(backend.xp)
        found.append([backend.to_numpy(each.slot.gradient) for each in (one, other)])
    for here, there in zip(*found, strict=True):
        np.testing.assert_allclose(there, here, rtol=1e-12)


@pytest.mark.parametrize("places", [[3, 0, 2], [5], 4, [[[1, 1, 0]], [[7, 8, 9]]]])
def test_positions_turn_there_as_here_however_few_are_given(places):
    x = np.random.default_rng(0).standard_normal((2, 2, 3, 8))
    found = []
    for backend in (HOST, StrictBackend()):
        run = Execution(backend, dtype="float64")
        turned = run.apply("rope", run.constant(x), run.constant(np.array(places)))
        found.append(backend.to_numpy(turned.array))
    np.testing.assert_allclose(*found, rtol=1e-12)
    full = np.broadcast_to(places, (2, 2, 3))
    run = Execution(HOST, dtype="float64")
    whole = run.apply("rope", run.constant(x), run.constant(full)).array
    np.testing.assert_allclose(found[0], whole, rtol=1e-12)
