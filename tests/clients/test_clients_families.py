"""Families against transformers: padding, half precision, shards, and ties stored otherwise."""

import numpy as np
import pytest
from clients.tiny_models import as_arguments, inputs_of, saved
from command import expect
from safetensors.numpy import load_file

pytestmark = pytest.mark.client


def outputs(folder, inputs):
    """What ``forward`` gives for the folder of a model."""
    out = folder / "out.safetensors"
    words = as_arguments(inputs, folder)
    expect(0, "forward", folder, *words, "--save", out, "--force")
    return load_file(out)


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
