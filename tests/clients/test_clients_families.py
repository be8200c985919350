"""Families against transformers: every output of tiny random models that it saved."""

import numpy as np
import pytest
from clients.tiny_models import CASES, as_arguments, inputs_of, saved
from command import expect
from safetensors.numpy import load_file

pytestmark = pytest.mark.client


def outputs(folder, inputs):
    """What ``forward`` gives for the folder of a model."""
    out = folder / "out.safetensors"
    words = as_arguments(inputs, folder)
    expect(0, "forward", folder, *words, "--save", out, "--force")
    return load_file(out)


@pytest.mark.parametrize("case", CASES)
def test_outputs_are_those_of_transformers(case, tmp_path):
    import torch

    model = saved(case, tmp_path)
    inputs = inputs_of(model)
    with torch.no_grad():
        wanted = {name: y for name, y in model(**inputs).items() if isinstance(y, torch.Tensor)}
    assert wanted
    found = outputs(tmp_path, inputs)
    if "start_logits" in wanted:
        pair = wanted.pop("start_logits"), wanted.pop("end_logits")
        wanted["span_logits"] = torch.stack(pair, -1)
    for name, truth in wanted.items():
        alike = [y for y in found.values() if y.shape == truth.shape]
        gaps = [np.abs(y - truth.numpy()).max() for y in alike]
        assert gaps, f"no output has the shape of {name}"
        assert min(gaps) < 1e-4, name


@pytest.mark.parametrize("case", ["llama", "bert", "t5"])
def test_padding_is_masked_as_transformers_masks_it(case, tmp_path):
    import torch

    model = saved(case, tmp_path)
    inputs = inputs_of(model)
    mask = torch.ones_like(inputs["input_ids"])
    mask[1, 9:] = 0
    inputs["attention_mask"] = mask
    with torch.no_grad():
        wanted = model(**inputs)[0].numpy()
    found = outputs(tmp_path, inputs)
    alike = [y for y in found.values() if y.shape == wanted.shape]
    kept = mask.numpy().astype(bool) if case != "t5" else ...  # what is masked is the memory
    assert min(np.abs(y - wanted)[kept].max() for y in alike) < 1e-4


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_half_precision_files_are_computed_in_float32(dtype, tmp_path):
    """As transformers does when it loads such a file in float32."""
    import torch
    from transformers import AutoModelForCausalLM

    model = saved("llama", tmp_path)
    model.to(getattr(torch, dtype)).save_pretrained(tmp_path)
    wide = AutoModelForCausalLM.from_pretrained(
        tmp_path, dtype=torch.float32, attn_implementation="eager"
    )
    inputs = inputs_of(model)
    with torch.no_grad():
        wanted = wide(**inputs).logits.numpy()
    assert np.abs(outputs(tmp_path, inputs)["logits"] - wanted).max() < 1e-4


def test_shards_give_what_one_file_gives(tmp_path):
    model = saved("llama", tmp_path / "one")
    model.save_pretrained(tmp_path / "many", max_shard_size="20kB")
    assert len(list((tmp_path / "many").glob("*.safetensors"))) > 2
    inputs = inputs_of(model)
    one, many = (outputs(tmp_path / name, inputs) for name in ("one", "many"))
    np.testing.assert_array_equal(one["logits"], many["logits"])


def test_a_file_with_the_head_alone_is_run_tied(tmp_path):
    """Of a tie the other name may be the stored one."""
    from safetensors.numpy import save_file

    model = saved("llama-tied", tmp_path)
    inputs = inputs_of(model)
    wanted = outputs(tmp_path, inputs)["logits"]
    tensors = load_file(tmp_path / "model.safetensors")
    assert "lm_head.weight" not in tensors
    tensors["lm_head.weight"] = tensors.pop("model.embed_tokens.weight")
    save_file(tensors, tmp_path / "model.safetensors", {"format": "pt"})
    np.testing.assert_array_equal(outputs(tmp_path, inputs)["logits"], wanted)


@pytest.mark.parametrize(
    "case", ["llama-tied", "gpt2", "bert-pretraining", "gpt-neox", "mixtral", "t5", "vit"]
)
def test_families_fit_their_own_checkpoints(case, tmp_path):
    saved(case, tmp_path)
    report = expect(0, "check", tmp_path, "--json").json
    assert report["ok"] is True
    assert [found for found in report["findings"] if found["severity"] == "error"] == []
