"""Precision against torch: float64 to its last digits, FP8 weights widened exactly."""

import numpy as np
import pytest
from command import expect
from safetensors.numpy import load_file

pytestmark = pytest.mark.client


def test_a_float64_run_agrees_with_torch_to_ten_digits(tmp_path):
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=60, hidden_size=24, intermediate_size=40, num_hidden_layers=3,
        num_attention_heads=4, num_key_value_heads=2, attn_implementation="eager",
    )  # fmt: skip
    model = LlamaForCausalLM(config).eval()
    model.save_pretrained(tmp_path / "model")
    ids = [[1, 7, 3, 59, 2, 11]]
    with torch.no_grad():
        wanted = model.double()(torch.tensor(ids)).logits.numpy()
    expect(
        0, "forward", "model", "--input", f"input_ids={ids}", "--dtype", "float64",
        "--save", "y.safetensors", cwd=tmp_path,
    )  # fmt: skip
    [found] = load_file(tmp_path / "y.safetensors").values()
    assert found.dtype == np.float64
    # transformers computes norms, rotary angles and the softmax in float32 whatever the model's
    # dtype; what is left is their rounding.
    assert np.abs(found - wanted).max() < 1e-6


def test_a_float64_run_of_plain_layers_agrees_to_1e_10(tmp_path):
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(0)
    net = torch.nn.Sequential(
        torch.nn.Linear(12, 40), torch.nn.GELU(), torch.nn.LayerNorm(40), torch.nn.Linear(40, 5)
    )
    save_file(net.state_dict(), tmp_path / "w.safetensors")
    (tmp_path / "net.yaml").write_text(
        "paramctl: 1\nmodel:\n  - Linear(12, 40)\n  - gelu\n  - LayerNorm(40)\n  - Linear(40, 5)\n"
    )
    x = np.random.default_rng(0).normal(size=(3, 12))
    np.save(tmp_path / "x.npy", x)
    expect(
        0, "forward", "net.yaml", "w.safetensors", "--input", "x=x.npy", "--dtype", "float64",
        "--save", "y.safetensors", cwd=tmp_path,
    )  # fmt: skip
    with torch.no_grad():
        wanted = net.double()(torch.tensor(x)).numpy()
    np.testing.assert_allclose(load_file(tmp_path / "y.safetensors")["output"], wanted, atol=1e-10)


@pytest.mark.parametrize("kind", ["float8_e4m3fn", "float8_e5m2"])
def test_fp8_weights_are_widened_exactly(kind, tmp_path):
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(0)
    weight = torch.randn(7, 12).to(getattr(torch, kind))
    save_file({"weight": weight}, tmp_path / "w.safetensors")
    (tmp_path / "net.yaml").write_text("paramctl: 1\nmodel: Linear(12, 7, bias=False)\n")
    x = np.random.default_rng(0).normal(size=(3, 12)).astype(np.float32)
    np.save(tmp_path / "x.npy", x)
    expect(
        0, "forward", "net.yaml", "w.safetensors", "--input", "x=x.npy", "--save", "y.safetensors",
        cwd=tmp_path,
    )  # fmt: skip
    wanted = x @ weight.float().numpy().T
    np.testing.assert_allclose(load_file(tmp_path / "y.safetensors")["output"], wanted, atol=1e-5)
