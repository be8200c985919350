"""Models with other layers load in transformers and compute what was meant."""

import pytest
from command import expect

pytestmark = pytest.mark.client

SIZES = {
    "hidden_size": 16, "intermediate_size": 24, "num_attention_heads": 4,
    "num_key_value_heads": 2, "vocab_size": 40, "max_position_embeddings": 32,
    "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0,
}  # fmt: skip


def saved(model, folder):
    """The model in evaluation, saved as its library saves it."""
    model.eval()
    model.save_pretrained(folder)
    return folder


def logits(model, **inputs):
    import torch

    ids = torch.tensor([[1, 2, 3, 4, 5]])
    with torch.no_grad():
        return model.eval()(input_ids=ids, **inputs).logits


def loaded(kind, folder):
    """The model, once it is sure that every tensor was found and none was left over."""
    model, report = kind.from_pretrained(folder, output_loading_info=True)
    assert not any(report[key] for key in ("missing_keys", "unexpected_keys", "mismatched_keys"))
    return model


def intended(model, modules, order):
    """The model with these layers in its list, made by torch."""
    import copy

    import torch

    made = copy.deepcopy(model)
    parent, _, last = modules.rpartition(".")
    layers = made.get_submodule(modules)
    chosen = [copy.deepcopy(layers[number]) for number in order]
    for place, layer in enumerate(chosen):
        if hasattr(getattr(layer, "self_attn", None), "layer_idx"):
            layer.self_attn.layer_idx = place
    setattr(made.get_submodule(parent), last, torch.nn.ModuleList(chosen))
    return made


@pytest.mark.parametrize("order", [[0, 1], [0, 1, 2, 1, 2, 3], [3, 1]])
def test_llama_with_other_layers_computes_what_torch_does(tmp_path, order):
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    model = LlamaForCausalLM(LlamaConfig(num_hidden_layers=4, **SIZES))
    saved(model, tmp_path / "in")
    expect(0, "layers", tmp_path / "in", ",".join(map(str, order)), "-o", tmp_path / "out")
    after = loaded(LlamaForCausalLM, tmp_path / "out")
    assert after.config.num_hidden_layers == len(order)
    truth = intended(model, "model.layers", order)
    truth.config.num_hidden_layers = len(order)
    assert torch.equal(logits(after, use_cache=False), logits(truth, use_cache=False))


def test_sharded_gemma_keeps_its_kinds_of_layers_and_its_tie(tmp_path):
    import torch
    from transformers import Gemma2Config, Gemma2ForCausalLM

    torch.manual_seed(0)
    kinds = ["sliding_attention", "full_attention", "full_attention"]
    config = Gemma2Config(
        num_hidden_layers=3, head_dim=4, layer_types=kinds, sliding_window=2, **SIZES
    )
    model = Gemma2ForCausalLM(config)
    model.save_pretrained(tmp_path / "in", max_shard_size="4KB")
    expect(0, "layers", tmp_path / "in", "1,0", "-o", tmp_path / "out")
    after = loaded(Gemma2ForCausalLM, tmp_path / "out")
    assert after.config.layer_types == ["full_attention", "sliding_attention"]
    again = Gemma2Config.from_pretrained(tmp_path / "out")
    truth = Gemma2ForCausalLM(again)
    weights = model.state_dict()
    truth.load_state_dict(
        {
            name: weights[
                name.replace("layers.0.", "layers.x.")
                .replace("layers.1.", "layers.0.")
                .replace("layers.x.", "layers.1.")
            ]
            for name in truth.state_dict()
        }
    )
    assert torch.equal(logits(after), logits(truth))


def test_gpt2_loses_its_last_layers(tmp_path):
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    torch.manual_seed(0)
    sizes = {"n_embd": 16, "n_head": 4, "vocab_size": 40, "n_positions": 32}
    model = GPT2LMHeadModel(GPT2Config(n_layer=4, **sizes, bos_token_id=1, eos_token_id=2))
    saved(model, tmp_path / "in")
    expect(0, "layers", tmp_path / "in", "..1", "-o", tmp_path / "out")
    after = loaded(GPT2LMHeadModel, tmp_path / "out")
    truth = intended(model, "transformer.h", [0, 1])
    assert torch.equal(logits(after, use_cache=False), logits(truth, use_cache=False))


def test_t5_keeps_its_table_of_positions_in_the_first_block(tmp_path):
    import torch
    from transformers import T5Config, T5ForConditionalGeneration

    torch.manual_seed(0)
    config = T5Config(
        d_model=16, d_kv=4, d_ff=24, num_heads=4, num_layers=3, num_decoder_layers=2,
        vocab_size=40, decoder_start_token_id=0,
    )  # fmt: skip
    model = T5ForConditionalGeneration(config)
    saved(model, tmp_path / "in")
    expect(0, "layers", tmp_path / "in", "2,1,2", "--at", "encoder.block", "-o", tmp_path / "out")
    after = loaded(T5ForConditionalGeneration, tmp_path / "out")
    assert (after.config.num_layers, after.config.num_decoder_layers) == (3, 2)
    weights = model.state_dict()
    truth = T5ForConditionalGeneration(after.config)
    table = "SelfAttention.relative_attention_bias"
    names = {
        name: name
        if table in name or not name.startswith("encoder.block.")
        else f"encoder.block.{[2, 1, 2][int(name.split('.')[2])]}.{name.split('.', 3)[3]}"
        for name in truth.state_dict()
    }
    truth.load_state_dict({name: weights[old] for name, old in names.items()})
    ids = {"decoder_input_ids": torch.tensor([[0, 5]])}
    assert torch.equal(logits(after, **ids), logits(truth, **ids))


def test_bert_and_its_real_weights_lose_a_layer(minilm, tmp_path):
    import torch
    from transformers import BertModel

    expect(0, "layers", minilm, "0..2,5", "-o", tmp_path / "out")
    after = loaded(BertModel, tmp_path / "out").eval()
    model = BertModel.from_pretrained(minilm).eval()
    model.encoder.layer = torch.nn.ModuleList([model.encoder.layer[n] for n in (0, 1, 2, 5)])
    ids = torch.tensor([[101, 2023, 102]])
    with torch.no_grad():
        assert torch.equal(after(ids).last_hidden_state, model(ids).last_hidden_state)


@pytest.mark.parametrize(
    ("kind", "sizes", "at"),
    [
        (
            "ResNet",
            {"embedding_size": 8, "hidden_sizes": [8, 16], "layer_type": "basic"},
            "resnet.encoder.stages.1.layers",
        ),
        (
            "ConvNext",
            {"hidden_sizes": [8, 16], "num_stages": 2},
            "convnext.encoder.stages.1.layers",
        ),
        (
            "Swin",
            {"embed_dim": 8, "num_heads": [2, 2], "image_size": 32, "window_size": 4},
            "swin.encoder.layers.1.blocks",
        ),
    ],
)
def test_a_stage_has_other_layers(tmp_path, kind, sizes, at):
    """One more and in another order; depths in config.json follow."""
    import torch
    import transformers

    torch.manual_seed(0)
    config = getattr(transformers, f"{kind}Config")(depths=[2, 3], num_labels=3, **sizes)
    name = f"{kind}ForImageClassification"
    model = getattr(transformers, name)(config).eval()
    model.save_pretrained(tmp_path / "in")
    expect(0, "layers", tmp_path / "in", "0,2,1,2", "--at", at, "-o", tmp_path / "out")
    found, report = getattr(transformers, name).from_pretrained(
        tmp_path / "out", output_loading_info=True
    )
    assert not any(report[key] for key in ("missing_keys", "unexpected_keys", "mismatched_keys"))
    assert found.config.depths == [2, 4]
    layers = model.get_submodule(at)
    order = torch.nn.ModuleList([layers[0], layers[2], layers[1], layers[2]])
    model.set_submodule(at, order)
    pixels = torch.randn(1, 3, 32, 32)
    with torch.no_grad():
        assert torch.allclose(found.eval()(pixels).logits, model(pixels).logits, atol=1e-6)
