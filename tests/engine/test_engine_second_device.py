"""Whole models on a second device that holds to the array standard and mixes with no other."""

import numpy as np
import pytest
from engine.here_and_there import INDEXED, refuses_index, same_gradients, same_outputs
from engine.strict import StrictBackend
from engine.tiny_families import tiny

from paramctl.compute.backend import HOST
from paramctl.compute.devices import Choice
from paramctl.run import perform as performing

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
