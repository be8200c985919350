"""Gradients of whole families against torch's, scaled by the largest of the model.

A key's bias has no gradient but rounding, so no parameter can be its own scale.
"""

import numpy as np
import pytest
from clients.tiny_models import as_arguments, inputs_of, saved
from command import expect
from safetensors.numpy import load_file

pytestmark = pytest.mark.client


def gradients(folder, inputs, loss="sum", *more):
    """What ``forward --backward`` saves."""
    out = folder / "grads.safetensors"
    words = as_arguments(inputs, folder)
    expect(0, "forward", folder, *words, "--backward", loss, "--save-grads", out, *more)
    return load_file(out)


@pytest.mark.parametrize(
    "case",
    ["llama", "llama-tied", "llama-odd", "llama-biased", "llama3-rope", "mistral-window",
     "qwen2", "qwen3", "gpt2", "bert", "gemma2", "phi3", "t5"],
)  # fmt: skip
def test_gradients_of_the_summed_outputs_are_torchs(case, tmp_path):
    model = saved(case, tmp_path)
    inputs = inputs_of(model)
    answer = model(**inputs)
    sum(y.sum() for name, y in answer.items() if name in OUTPUTS).backward()
    wanted = {name: p.grad.numpy() for name, p in model.named_parameters() if p.grad is not None}
    found = gradients(tmp_path, inputs)
    assert found.keys() == wanted.keys()
    scale = max(np.abs(gradient).max() for gradient in wanted.values())
    for name, gradient in wanted.items():
        assert np.abs(found[name] - gradient).max() <= 1e-3 * scale, name


OUTPUTS = ("logits", "last_hidden_state", "pooler_output", "encoder_last_hidden_state")


def test_the_squared_error_has_torchs_gradients(tmp_path):
    import torch
    from safetensors.numpy import save_file

    model = saved("gpt2", tmp_path)
    inputs = inputs_of(model)
    logits = model(**inputs).logits
    goal = torch.zeros_like(logits) + 0.5
    torch.nn.functional.mse_loss(logits, goal).backward()
    save_file({"logits": goal.numpy()}, tmp_path / "goal.safetensors")
    found = gradients(tmp_path, inputs, "mse", "--target", tmp_path / "goal.safetensors")
    wanted = {name: p.grad.numpy() for name, p in model.named_parameters()}
    scale = max(np.abs(gradient).max() for gradient in wanted.values())
    for name, gradient in wanted.items():
        assert np.abs(found[name] - gradient).max() <= 1e-3 * scale, name
