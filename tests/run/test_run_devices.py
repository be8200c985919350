"""A run on a second device, alone and beside the host."""

import numpy as np
import pytest

from paramctl.compute.backend import HOST, Backend
from paramctl.compute.devices import Choice
from paramctl.run import perform as performing
from paramctl.run.request import Request

SMALL = {
    "vocab_size": 19, "hidden_size": 8, "intermediate_size": 12, "num_hidden_layers": 1,
    "num_attention_heads": 2,
}  # fmt: skip


class SecondDevice(Backend):
    """NumPy under another name, which takes the ways of a device: nothing streams."""

    device = "far:0"


@pytest.fixture
def run(monkeypatch):
    """A tiny Llama on these backends."""

    def on(*backends, **options):
        monkeypatch.setattr(performing, "choose_device", lambda text: Choice(backends, ""))
        request = Request(spec="llama", overrides=SMALL, shape=(1, 5), **options)
        return performing.perform(request)

    return on


def test_the_second_device_gives_what_the_host_gives(run):
    host, second = run(HOST), run(SecondDevice())
    assert second.device == "far:0"
    one, other = (found.outputs["logits"].array for found in (host, second))
    np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


def test_traces_and_gradients_are_taken_on_the_device(run):
    host, second = (run(backend, trace=True, loss="mean") for backend in (HOST, SecondDevice()))
    assert [row.module for row in host.trace] == [row.module for row in second.trace]
    for one, other in zip(host.trace, second.trace, strict=True):
        assert one.absmax == pytest.approx(other.absmax, rel=1e-4)
    assert host.gradients.keys() == second.gradients.keys()
    for name, gradient in host.gradients.items():
        assert gradient.l2 == pytest.approx(second.gradients[name].l2, rel=1e-3, abs=1e-7)


def test_both_run_beside_each_other(run):
    found = run(HOST, SecondDevice())
    assert found.device == "cpu+far:0"
    assert found.difference is None
    tight = run(HOST, SecondDevice(), tolerance=0.0)
    assert tight.difference is None or tight.difference.max_abs < 1e-4
