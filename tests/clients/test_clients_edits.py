"""Edited models load in transformers and in safetensors.torch, and compute what was meant."""

import json

import pytest
from clients.tiny_models import CASES, inputs_of, saved
from command import expect
from safetensors.numpy import load_file

pytestmark = pytest.mark.client

LLAMA = ("model.embed_tokens.weight", "lm_head.weight")
GPT2 = ("transformer.wte.weight", "lm_head.weight")
NAMES = {"llama": LLAMA, "llama-tied": LLAMA, "gpt2": GPT2, "gpt2-untied": GPT2}
BLOCKS = {"llama": "model.layers.{n}=blocks.{n}.inner", "gpt2": "transformer.h.{n}=blocks.{n}"}


def loaded(case, folder, **options):
    """The model as transformers loads it, once every tensor was found and none left over."""
    import transformers

    kind = getattr(transformers, options.pop("kind", CASES[case][0]))
    model, report = kind.from_pretrained(
        folder, output_loading_info=True, attn_implementation="eager", **options
    )
    assert not any(report[key] for key in ("missing_keys", "unexpected_keys", "mismatched_keys"))
    return model.eval()


def again(model, path):
    """A fresh model of the same kind, filled by ``safetensors.torch.load_model``."""
    from safetensors.torch import load_model

    fresh = type(model)._from_config(model.config, dtype=model.dtype).eval()
    load_model(fresh, str(path), strict=True)
    return fresh


def first(model, inputs):
    import torch

    with torch.no_grad():
        return model(**inputs)[0]


def assert_computes(model, truth):
    """Bit for bit: the same kernels on the same numbers."""
    import torch

    inputs = inputs_of(truth)
    assert torch.equal(first(model, inputs), first(truth, inputs))


def test_a_head_that_is_tied_computes_with_the_embedding(tmp_path):
    for case in ("llama", "gpt2-untied"):
        truth = saved(case, tmp_path / case)
        out = tmp_path / f"{case}-out"
        expect(0, "tie", tmp_path / case, *NAMES[case], "--take", "keep", "-o", out)
        after = loaded(case, out)
        assert after.config.tie_word_embeddings
        assert after.lm_head.weight is after.get_input_embeddings().weight
        truth.lm_head.weight.data.copy_(truth.get_input_embeddings().weight)
        assert_computes(after, truth)
        assert_computes(again(after, out / "model.safetensors"), truth)


def test_a_head_that_is_untied_computes_the_same_and_can_part(tmp_path):
    import torch

    for case in ("llama-tied", "gpt2"):
        truth = saved(case, tmp_path / case)
        out, other = tmp_path / f"{case}-out", tmp_path / f"{case}-other"
        expect(0, "untie", tmp_path / case, "lm_head.weight", "-o", out)
        after = loaded(case, out)
        assert not after.config.tie_word_embeddings
        assert_computes(after, truth)
        assert_computes(again(after, out / "model.safetensors"), truth)
        expect(0, "set", out, "lm_head.weight", "-x", "-o", other)
        inputs = inputs_of(truth)
        assert torch.equal(first(loaded(case, other), inputs), -first(truth, inputs))


@pytest.mark.parametrize("case", ["llama", "llama-tied", "gpt2"])
def test_a_cast_model_computes_as_the_one_that_torch_cast(case, tmp_path):
    import torch

    model = saved(case, tmp_path / "in")
    expect(0, "cast", tmp_path / "in", "bf16", "-o", tmp_path / "out")
    model.to(torch.bfloat16).save_pretrained(tmp_path / "theirs")
    truth = loaded(case, tmp_path / "theirs", dtype="auto")  # .to() rounds what no file holds
    after = loaded(case, tmp_path / "out", dtype="auto")
    assert after.dtype == torch.bfloat16
    assert_computes(after, truth)
    assert_computes(again(after, tmp_path / "out" / "model.safetensors"), truth)


@pytest.mark.parametrize("case", ["llama", "llama-tied", "gpt2"])
def test_resharding_and_back_change_nothing(case, tmp_path):
    truth = saved(case, tmp_path / "in")
    expect(0, "reshard", tmp_path / "in", "--max-shard-size", "20KiB", "-o", tmp_path / "many")
    assert len(list((tmp_path / "many").glob("*.safetensors"))) > 2
    assert_computes(loaded(case, tmp_path / "many"), truth)
    expect(0, "reshard", tmp_path / "many", "--single", "-o", tmp_path / "one")
    assert_computes(again(truth, tmp_path / "one" / "model.safetensors"), truth)


@pytest.mark.parametrize("case", ["llama", "gpt2"])
def test_renaming_and_back_change_nothing(case, tmp_path):
    truth = saved(case, tmp_path / "in")
    rule = BLOCKS[case]
    expect(0, "rename", tmp_path / "in", rule, "-o", tmp_path / "there")
    names = load_file(tmp_path / "there" / "model.safetensors")
    assert any(name.startswith("blocks.0.") for name in names)
    expect(0, "rename", tmp_path / "there", rule, "--inverse", "-o", tmp_path / "back")
    assert_computes(loaded(case, tmp_path / "back"), truth)
    assert_computes(again(truth, tmp_path / "back" / "model.safetensors"), truth)


@pytest.mark.parametrize(("case", "kind"), [("llama", "LlamaModel"), ("gpt2-untied", "GPT2Model")])
@pytest.mark.parametrize("words", [["keep", "^model | ^transformer"], ["drop", "lm_head"]])
def test_a_model_without_its_head_computes_the_same_states(case, kind, words, tmp_path):
    truth = saved(case, tmp_path / "in")
    verb, selection = words
    expect(0, verb, tmp_path / "in", selection, "--allow-empty", "-o", tmp_path / "out")
    assert_computes(loaded(case, tmp_path / "out", kind=kind), truth.base_model)


@pytest.mark.parametrize(
    ("case", "name"), [("llama", "model.norm.weight"), ("gpt2", "transformer.ln_f.bias")]
)
def test_a_tensor_that_was_set_computes_with_the_new_values(case, name, tmp_path):
    truth = saved(case, tmp_path / "in")
    expect(0, "set", tmp_path / "in", f"{name}[1:5]", "x / 2 + 1", "-o", tmp_path / "out")
    weight = truth.get_parameter(name)
    weight.data[1:5] = weight.data[1:5] / 2 + 1
    assert_computes(loaded(case, tmp_path / "out"), truth)
    assert_computes(again(truth, tmp_path / "out" / "model.safetensors"), truth)


@pytest.mark.parametrize(
    ("case", "name"),
    [
        ("llama", "lm_head.weight"),
        ("llama-tied", "lm_head.weight"),
        ("gpt2", "transformer.h.0.mlp.c_fc.weight"),
    ],
)
def test_a_tensor_drawn_anew_is_the_only_one_that_changed(case, name, tmp_path):
    """A tie is drawn once and reaches both of its uses."""
    import torch

    truth = saved(case, tmp_path / "in")
    scheme = ("--scheme", "xavier_uniform", "--seed", "7")
    expect(0, "init", tmp_path / "in", name, *scheme, "-o", tmp_path / "out")
    drawn = load_file(tmp_path / "out" / "model.safetensors")
    found = torch.from_numpy(drawn.get(name, drawn.get(NAMES[case][0])))
    weight = truth.get_parameter(name)
    bound = (6 / sum(weight.shape)) ** 0.5
    assert 0.9 * bound < found.abs().max() <= bound
    weight.data.copy_(found)
    assert_computes(loaded(case, tmp_path / "out"), truth)
    assert_computes(again(truth, tmp_path / "out" / "model.safetensors"), truth)


def test_a_dequantized_model_is_no_longer_quantized(tmp_path):
    """transformers loads plain weights and asks for no kernels of FP8."""
    import ml_dtypes
    import numpy as np
    import spell
    import torch

    truth = saved("llama", tmp_path / "in")
    tensors = {}
    for name, values in load_file(tmp_path / "in" / "model.safetensors").items():
        tensors[name] = spell.f32(values)
        if name.endswith("_proj.weight"):
            small = (values * 100).astype(ml_dtypes.float8_e4m3fn)
            by = np.random.default_rng(0).uniform(
                0.005, 0.02, [-(-size // 16) for size in values.shape]
            )
            tensors[name] = "F8_E4M3", values.shape, small.tobytes()
            tensors[f"{name}_scale_inv"] = spell.f32(by)
            wide = by.astype("f4").repeat(16, 0).repeat(16, 1)[: len(values), : values.shape[1]]
            product = torch.from_numpy(small.astype("f4") * wide)
            truth.get_parameter(name).data.copy_(product.to(torch.bfloat16))
    (tmp_path / "in" / "model.safetensors").write_bytes(spell.checkpoint(tensors, {"format": "pt"}))
    config = json.loads((tmp_path / "in" / "config.json").read_text())
    config["quantization_config"] = {"quant_method": "fp8", "weight_block_size": [16, 16]}
    (tmp_path / "in" / "config.json").write_text(json.dumps(config))
    expect(0, "cast", tmp_path / "in", "bf16", "--dequant-blocks", "-o", tmp_path / "out")
    after = loaded("llama", tmp_path / "out", dtype=torch.float32)
    assert not hasattr(after.config, "quantization_config")
    assert_computes(after, truth)
