"""Devices: what there is, what to do when there is none, and the same answers on each."""

import numpy as np
import pytest
from capabilities.book import counts, drawn, output, run, spec, tensors, written
from command import expect

X20 = ("--input", "x=2x20")


def cards():
    """The GPUs that can be used here."""
    rows = expect(0, "devices", "--json").json["devices"]
    return [row["name"] for row in rows if row["kind"] != "cpu"]


on_a_card = pytest.mark.skipif(not cards(), reason="no GPU that CuPy can use")


def test_devices_have_names():
    """GP1: cpu, cuda and cuda:1 are names; others are refused with a list of them."""
    result = expect(2, "forward", spec("mlp8"), "--random", "2x4", "--device", "gpu0")
    assert result.err == (
        "paramctl: no device named 'gpu0'\nhint: devices are cpu, cuda, cuda:1, auto and both\n"
    )


def test_devices_are_counted_and_none_is_no_error():
    """GP2: the host is always there; the list is exit 0 with or without a card."""
    rows = expect(0, "devices", "--json").json["devices"]
    assert rows[0]["name"] == rows[0]["kind"] == "cpu"
    assert rows[0]["memory"] > 0


def test_a_device_that_is_not_there_is_an_error_and_auto_falls_back():
    """GP3: exit 4 with a hint; `auto` says on stderr that it fell back."""
    given = (spec("mlp8"), "--random", "2x4", "--device")
    result = expect(4, "forward", *given, "cuda:97")
    assert result.err.startswith("paramctl: no device cuda:97: ")
    fallen = expect(0, "forward", *given, "auto", "--json")
    assert fallen.json["device"] == (cards()[0] if cards() else "cpu")
    assert ("warning: no GPU, computing on the CPU" in fallen.err) is not bool(cards())


def test_tensors_are_on_the_host_unless_asked():
    """GP4: the report says where it ran."""
    assert run(spec("mlp8"), "--random", "2x4").json["device"] == "cpu"


def test_a_file_has_no_device(tmp_path):
    """GP-EX2: what is saved of a run is plain bytes, the same for the same device."""
    made = [drawn(tmp_path, spec("mlp8"), name=name).read_bytes() for name in "ab"]
    assert made[0] == made[1]


@pytest.mark.gpu
@on_a_card
def test_a_model_runs_on_a_card_and_agrees_with_the_host(tmp_path):
    """GP5, GP9: ones through known weights, there and here."""
    path = drawn(tmp_path, spec("mlp256"), *X20)
    there = output(spec("mlp256"), path, *X20, "--device", "cuda")
    here = output(spec("mlp256"), path, *X20)
    np.testing.assert_allclose(there["values"], here["values"], atol=1e-5)
    assert run(spec("mlp256"), path, *X20, "--device", "cuda").json["device"] == "cuda:0"
    expect(0, "forward", spec("mlp256"), path, *X20, "--device", "both")


@pytest.mark.gpu
@on_a_card
def test_ties_survive_the_way_to_a_card(tmp_path):
    """GP10: one tensor there too; its gradient is the sum over both uses."""
    out = tmp_path / "g.safetensors"
    expect(
        0, "forward", spec("tied-mlp"), "--scheme", "constant(0.1)", "--input", "x=ones:2x4",
        "--backward", "sum", "--save-grads", out, "--device", "cuda",
    )  # fmt: skip
    np.testing.assert_allclose(tensors(out)["2.weight"], np.full((8, 8), 0.128), rtol=1e-5)
    assert counts(spec("tied-mlp")) == (121, 193)


@pytest.mark.gpu
@on_a_card
def test_a_loop_on_a_card_gives_what_the_host_gives(tmp_path):
    """GP8: one number comes back for each turn of the loop."""
    loop = written(
        tmp_path, "  forward: |\n    while sum(abs(x)) > 1:\n      x = x / 2\n    return sum(x)\n"
    )
    given = (loop, "--input", "x=ones:2x20")
    assert output(*given, "--device", "cuda")["values"] == output(*given)["values"] == 0.625
