"""``check`` accepts the starting spec of a checkpoint at once, whoever saved it."""

import pytest
from command import expect

pytestmark = pytest.mark.client


def accepted(model, folder):
    spec = expect(0, "spec", "infer", model).out
    (folder / "inferred.yaml").write_text(spec)
    found = expect(0, "check", model, "--spec", folder / "inferred.yaml", "--json").json
    assert found["ok"]
    return [finding for finding in found["findings"] if finding["severity"] == "error"]


def test_of_minilm(minilm, tmp_path):
    assert accepted(minilm, tmp_path) == []


def test_of_a_llama_with_tied_embeddings(tmp_path):
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        vocab_size=60, hidden_size=24, intermediate_size=40, num_hidden_layers=3,
        num_attention_heads=4, num_key_value_heads=2, tie_word_embeddings=True,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(tmp_path / "model")
    assert accepted(tmp_path / "model", tmp_path) == []


def test_of_a_resnet_with_its_counters(tmp_path):
    from transformers import ResNetConfig, ResNetForImageClassification

    config = ResNetConfig(
        embedding_size=8, hidden_sizes=[8, 16], depths=[1, 2], layer_type="bottleneck"
    )
    ResNetForImageClassification(config).save_pretrained(tmp_path / "model")
    assert accepted(tmp_path / "model", tmp_path) == []


def test_of_layers_in_other_dtypes(tmp_path):
    import torch
    from safetensors.torch import save_file

    net = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 5), torch.nn.BatchNorm2d(8))
    half = {name: tensor.half() if tensor.is_floating_point() else tensor
            for name, tensor in net.state_dict().items()}  # fmt: skip
    save_file(half, tmp_path / "m.safetensors")
    assert accepted(tmp_path / "m.safetensors", tmp_path) == []
