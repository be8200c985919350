"""Fused and split models of transformers: another architecture computes the same."""

import json

import numpy as np
import pytest
from command import expect

pytestmark = pytest.mark.client

SIZES = {
    "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "vocab_size": 40, "max_position_embeddings": 32,
    "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0,
}  # fmt: skip


def logits(model):
    import torch

    with torch.no_grad():
        return model.eval()(input_ids=torch.tensor([[1, 2, 3, 4]])).logits


def test_llama_fused_is_phi3_and_back(tmp_path):
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM, Phi3Config, Phi3ForCausalLM

    torch.manual_seed(0)
    model = LlamaForCausalLM(LlamaConfig(**SIZES))
    model.save_pretrained(tmp_path / "llama")
    once, fused = tmp_path / "once", tmp_path / "fused"
    expect(0, "fuse", tmp_path / "llama", "self_attn", "--layout", "qkv", "-o", once)
    expect(0, "fuse", once, "mlp", "--layout", "gate-up", "-o", fused)
    Phi3Config(**SIZES, rms_norm_eps=model.config.rms_norm_eps).save_pretrained(fused)
    phi, report = Phi3ForCausalLM.from_pretrained(fused, output_loading_info=True)
    assert not any(report[key] for key in ("missing_keys", "unexpected_keys", "mismatched_keys"))
    assert torch.allclose(logits(phi), logits(model), atol=1e-5)
    halves, back = tmp_path / "halves", tmp_path / "back"
    expect(0, "split", fused, "self_attn", "--layout", "qkv", "-o", halves)
    expect(0, "split", halves, "mlp", "--layout", "gate-up", "-o", back)
    name = "model.safetensors"
    assert (back / name).read_bytes() == (tmp_path / "llama" / name).read_bytes()


def test_neox_split_is_what_its_attention_takes_apart(tmp_path):
    """Queries, keys and values as the model itself makes them from the fused tensor."""
    import torch
    from safetensors.torch import load_file
    from transformers import GPTNeoXConfig, GPTNeoXForCausalLM

    torch.manual_seed(0)
    sizes = {key: value for key, value in SIZES.items() if key != "num_key_value_heads"}
    model = GPTNeoXForCausalLM(GPTNeoXConfig(**sizes))
    model.save_pretrained(tmp_path / "in")
    expect(
        0, "split", tmp_path / "in", "query_key_value", "--layout", "neox", "-o", tmp_path / "out"
    )
    found = load_file(tmp_path / "out" / "model.safetensors")
    x = torch.randn(1, 3, 16)
    layer = model.gpt_neox.layers[1].attention
    fused = layer.query_key_value(x).view(1, 3, 4, 12).transpose(1, 2)
    for part, truth in zip(("query", "key", "value"), fused.chunk(3, dim=-1), strict=True):
        stem = f"gpt_neox.layers.1.attention.{part}"
        mine = x @ found[f"{stem}.weight"].T + found[f"{stem}.bias"]
        heads = mine.view(1, 3, 4, 4).transpose(1, 2)
        assert torch.allclose(heads, truth, atol=1e-6)


def test_gpt2_splits_as_its_attention_does(tmp_path):
    import torch
    from safetensors.torch import load_file
    from transformers import GPT2Config, GPT2LMHeadModel

    torch.manual_seed(0)
    model = GPT2LMHeadModel(GPT2Config(n_embd=16, n_head=4, n_layer=1, vocab_size=40))
    model.save_pretrained(tmp_path / "in")
    out = tmp_path / "out"
    expect(0, "split", tmp_path / "in", "c_attn", "--layout", "conv1d", "-o", out)
    found = load_file(out / "model.safetensors")
    x = torch.randn(1, 3, 16)
    truth = model.transformer.h[0].attn.c_attn(x).split(16, dim=2)
    for part, values in zip("qkv", truth, strict=True):
        stem = f"transformer.h.0.attn.c_{part}"
        mine = x @ found[f"{stem}.weight"] + found[f"{stem}.bias"]
        assert torch.allclose(mine, values, atol=1e-6)


def test_experts_stacked_are_those_that_transformers_holds_in_memory(tmp_path):
    import torch
    from safetensors.torch import load_file
    from transformers import MixtralConfig, MixtralForCausalLM

    torch.manual_seed(0)
    model = MixtralForCausalLM(MixtralConfig(**SIZES, num_local_experts=3))
    model.save_pretrained(tmp_path / "in")
    once, out = tmp_path / "once", tmp_path / "out"
    expect(0, "fuse", tmp_path / "in", "experts", "--layout", "experts", "-o", once)
    expect(0, "fuse", once, "w1", "w3", "--layout", "gate-up", "-o", out)
    found = load_file(out / "model.safetensors")
    stem = "model.layers.0.block_sparse_moe.experts"
    memory = dict(model.named_parameters())
    truth = memory["model.layers.0.mlp.experts.gate_up_proj"].detach().numpy()
    assert np.array_equal(found[f"{stem}.w13.weight"].numpy(), truth)
    down = memory["model.layers.0.mlp.experts.down_proj"].detach().numpy()
    assert np.array_equal(found[f"{stem}.w2.weight"].numpy(), down)
    assert json.loads((out / "config.json").read_text())["num_local_experts"] == 3


def test_gpt_oss_splits_as_its_experts_do(tmp_path):
    """Gate and up, as the experts take them apart, and back to the same bytes."""
    import torch
    from safetensors.torch import load_file
    from transformers import GptOssConfig, GptOssForCausalLM

    torch.manual_seed(0)
    config = GptOssConfig(**SIZES, num_local_experts=3, head_dim=4, layer_types=None)
    model = GptOssForCausalLM(config)
    model.save_pretrained(tmp_path / "in")
    out, back = tmp_path / "out", tmp_path / "back"
    words = ("--layout", "gpt-oss", "--expect", 4)
    expect(0, "split", tmp_path / "in", "experts", *words, "-o", out)
    found = load_file(out / "model.safetensors")
    experts = model.model.layers[1].mlp.experts
    x = torch.randn(5, 16)
    stem = "model.layers.1.mlp.experts"
    gate, up = (
        x @ found[f"{stem}.{part}_proj"][2] + found[f"{stem}.{part}_proj_bias"][2]
        for part in ("gate", "up")
    )
    fused = x @ experts.gate_up_proj[2] + experts.gate_up_proj_bias[2]
    mine = experts._apply_gate(torch.stack((gate, up), dim=-1).flatten(-2))
    assert torch.allclose(mine, experts._apply_gate(fused), atol=1e-6)
    assert torch.allclose(gate, fused[:, ::2], atol=1e-6)
    expect(0, "fuse", out, "experts", "--layout", "gpt-oss", "--expect", 8, "-o", back)
    name = "model.safetensors"
    assert (back / name).read_bytes() == (tmp_path / "in" / name).read_bytes()
