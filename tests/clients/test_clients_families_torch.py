"""ResNets under torchvision's names and recurrent language models, against torch."""

import json

import numpy as np
import pytest
from clients import odd_timm
from clients.odd_torch import RECURRENT, RESNETS, language_model, resnet, resnet_by_hand
from clients.tiny_models import as_arguments
from command import expect
from safetensors.numpy import load_file

pytestmark = pytest.mark.client


def only_output(model, inputs, folder, *more):
    """The one output of a run; options come after the checkpoint."""
    out = folder / "out.safetensors"
    words = as_arguments(inputs, folder)
    expect(0, "forward", *model, *words, "--save", out, *more)
    (found,) = load_file(out).values()
    return found


@pytest.mark.parametrize("case", RESNETS)
def test_torchvision_s_names_give_the_logits_of_the_same_network(case, tmp_path):
    import torch
    from safetensors.torch import save_file

    tensors, model = resnet(case)
    path = tmp_path / "model.safetensors"
    save_file(tensors, path)
    _, _, groups, group_width = RESNETS[case]
    x = torch.randn(2, 3, 40, 33)
    with torch.no_grad():
        wanted = resnet_by_hand(tensors, x, groups) if model is None else model(x).logits
    sizes = {"base_width": 8, "groups": groups, "width_per_group": group_width}
    settings = [word for name, size in sizes.items() for word in ("--set", f"{name}={size}")]
    found = only_output(["resnet_torchvision", path], {"pixel_values": x}, tmp_path, *settings)
    wanted = wanted.numpy()
    assert np.abs(np.diff(wanted, axis=0)).max() > 0.1, "the images make no difference"
    assert np.abs(found - wanted).max() < 1e-5 * np.abs(wanted).max()


def test_a_config_of_timm_names_the_family(tmp_path):
    from safetensors.torch import save_file

    tensors, _ = resnet("resnet18")
    save_file(tensors, tmp_path / "model.safetensors")
    config = {"architecture": "resnet18", "num_classes": 3}
    (tmp_path / "config.json").write_text(json.dumps(config))
    words = "--input", "pixel_values=2x3x33x33", "--set", "base_width=8", "--json"
    assert expect(0, "forward", tmp_path, *words).json["schema"] == "paramctl/forward/1"


@pytest.mark.parametrize("case", odd_timm.CASES)
def test_timm_s_names_give_the_logits_of_the_same_network(case, tmp_path):
    """Sizes and depths are those of the file; the config of timm names the family."""
    import torch

    model = odd_timm.saved(case, tmp_path)
    side = getattr(model.config, "image_size", 64) if "vit" in case else 64
    x = torch.randn(2, model.config.num_channels, side, side)
    with torch.no_grad():
        wanted = model(x).logits.numpy()
    assert np.abs(np.diff(wanted, axis=0)).max() > 0.01, "the images make no difference"
    assert np.abs(only_output([tmp_path], {"pixel_values": x}, tmp_path) - wanted).max() < 1e-4
    assert expect(0, "check", tmp_path, "--json").json["findings"] == []
    missing = {"missing", "unexpected"}
    (tmp_path / "config.json").write_text('{"architecture": "resnet18"}')
    found = expect(1, "check", tmp_path, "--json").json["findings"]
    assert missing <= {finding["rule"] for finding in found}


@pytest.mark.parametrize("case", RECURRENT)
def test_a_recurrent_language_model_gives_torch_s_logits(case, tmp_path):
    import torch

    model = language_model(case, tmp_path)
    words = torch.randint(0, 41, (3, 13))
    with torch.no_grad():
        wanted = model["decoder"](model["rnn"](model["encoder"](words))[0]).numpy()
    found = only_output([tmp_path], {"input_ids": words}, tmp_path)
    assert np.abs(found - wanted).max() < 1e-5


@pytest.mark.parametrize("case", RECURRENT)
def test_a_recurrent_language_model_has_torch_s_gradients(case, tmp_path):
    import torch

    model = language_model(case, tmp_path)
    words = torch.randint(0, 41, (3, 13))
    logits = model["decoder"](model["rnn"](model["encoder"](words))[0])
    goal = torch.linspace(-1, 1, logits.numel()).reshape(logits.shape)
    torch.nn.functional.mse_loss(logits, goal).backward()
    np.save(tmp_path / "goal.npy", goal.numpy())
    given = as_arguments({"input_ids": words}, tmp_path)
    out = tmp_path / "gradients.safetensors"
    target = ("--backward", "mse", "--target", tmp_path / "goal.npy", "--save-grads", out)
    expect(0, "forward", tmp_path, *given, *target)
    found = load_file(out)
    named = model.named_parameters(remove_duplicate=False)
    wanted = {name: p.grad.numpy() for name, p in named}
    assert found.keys() <= wanted.keys()
    assert len(found) >= len({id(p) for p in model.parameters()})
    scale = max(np.abs(gradient).max() for gradient in wanted.values())
    assert all(np.abs(found[name] - wanted[name]).max() <= 1e-3 * scale for name in found)
