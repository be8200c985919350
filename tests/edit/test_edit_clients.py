"""What paramctl writes, in the hands of the readers that people use."""

import numpy as np
import pytest
import spell
from command import expect

pytestmark = pytest.mark.client


def test_every_dtype_opens_in_the_library_after_an_edit(tmp_path):
    from pathlib import Path

    from safetensors import safe_open

    model = Path(spell.__file__).parent / "checkpoints" / "dtypes.safetensors"
    out = tmp_path / "out.safetensors"
    expect(0, "rename", model, "s/$/.moved/", "-o", out)
    with safe_open(model, "np") as before, safe_open(out, "np") as after:
        assert len(after.keys()) == 22
        for name in before.keys():  # noqa: SIM118
            one, two = before.get_slice(name), after.get_slice(f"{name}.moved")
            assert (one.get_dtype(), one.get_shape()) == (two.get_dtype(), two.get_shape())


def test_torch_loads_a_tie_that_paramctl_made(tmp_path):
    """safetensors.torch.load_model, strict: tied modules find their one tensor."""
    import torch
    from safetensors.torch import load_model, save_model

    def net():
        one, two = torch.nn.Linear(3, 3, bias=False), torch.nn.Linear(3, 3, bias=False)
        return torch.nn.Sequential(one, torch.nn.ReLU(), two)

    apart, tied = net(), net()
    apart[2].weight.data.copy_(apart[0].weight.data)
    save_model(apart, str(tmp_path / "apart.safetensors"))
    tied[2].weight = tied[0].weight
    out = tmp_path / "tied.safetensors"
    expect(0, "tie", tmp_path / "apart.safetensors", "0.weight", "2.weight", "-o", out)
    load_model(tied, str(out), strict=True)
    assert torch.equal(tied[2].weight, apart[2].weight)
    save_model(tied, str(tmp_path / "theirs.safetensors"))
    assert out.read_bytes() == (tmp_path / "theirs.safetensors").read_bytes()


def test_torch_loads_values_that_paramctl_set(tmp_path):
    import torch
    from safetensors.torch import load_model, save_model

    model = torch.nn.Linear(4, 2)
    save_model(model, str(tmp_path / "in.safetensors"))
    expect(0, "set", tmp_path / "in.safetensors", "weight[0,:2]", "42", "--in-place")
    load_model(model, str(tmp_path / "in.safetensors"), strict=True)
    assert model.weight[0].tolist()[:2] == [42, 42]


def test_renaming_a_real_checkpoint_and_back_gives_its_bytes(minilm, tmp_path):
    there, back = tmp_path / "there.safetensors", tmp_path / "back.safetensors"
    rule = "encoder.layer.{n}.attention.self.{p}=blocks.{n}.{p}_proj"
    expect(0, "rename", minilm / "model.safetensors", rule, "-o", there)
    expect(0, "rename", there, rule, "--inverse", "-o", back)
    assert back.read_bytes() == (minilm / "model.safetensors").read_bytes()


def test_tie_and_untie_of_a_real_checkpoint_give_its_bytes(minilm, tmp_path):
    names = [f"encoder.layer.{n}.output.LayerNorm.weight" for n in (0, 1)]
    np.save(tmp_path / "norm.npy", np.linspace(0, 1, 384, dtype="f4"))
    equal, tied, untied = (tmp_path / f"{name}.safetensors" for name in ("equal", "tied", "untied"))
    model = minilm / "model.safetensors"
    for name in names:
        expect(0, "set", model, name, "--npy", tmp_path / "norm.npy", "-o", equal, "--force")
        model = tmp_path / "model.safetensors"
        model.write_bytes(equal.read_bytes())
    expect(0, "tie", equal, *names, "-o", tied)
    assert tied.stat().st_size < equal.stat().st_size
    expect(0, "untie", tied, names[1], "-o", untied)
    assert untied.read_bytes() == equal.read_bytes()
