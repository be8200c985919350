"""The built-in families against tiny random models of transformers: names, shapes, ties."""

import numpy as np
import pytest
from spec.spec_runs import run
from spec.tiny_models import MODELS, config_of, counterpart, made

from paramctl.spec.load import families, family_ties, find_family, load_spec
from paramctl.spec.shapes import refresh

pytestmark = pytest.mark.client


@pytest.mark.parametrize("name", MODELS)
def test_names_and_shapes_are_those_of_the_file(name):
    _, module, stored = counterpart(made(name))
    refresh(module)
    aliases = {alias for group in module.ties() for alias in group} - set(stored)
    ours = {n: p.shape for n, p in module.named_parameters() if n not in aliases}
    assert ours == {full: array.shape for full, array in stored.items()}
    assert all(p.value is not None for _, p in module.named_parameters())


@pytest.mark.parametrize("name", ["llama", "gpt2", "bert"])
def test_masked_positions_are_not_seen(name):
    import torch

    model = made(name)
    spec, module, _ = counterpart(model)
    ids = np.random.default_rng(1).integers(0, 99, (2, 9))
    mask = np.ones((2, 9), np.int64)
    mask[1, 6:] = 0
    result = run(spec, module, input_ids=ids, attention_mask=mask)
    ours = (result[0] if isinstance(result, tuple) else result).array
    with torch.no_grad():
        theirs = model(torch.tensor(ids), attention_mask=torch.tensor(mask))[0].numpy()
    np.testing.assert_allclose(ours[0], theirs[0], atol=1e-4)
    np.testing.assert_allclose(ours[1, :6], theirs[1, :6], atol=1e-4)


@pytest.mark.parametrize(
    "name",
    ["llama", "llama-tied", "gpt2", "bert-pretraining", "qwen3", "gemma2", "t5", "t5-untied"],
)
def test_ties_are_those_of_transformers(name):
    model = made(name)
    _, module, _ = counterpart(model)
    theirs: dict[str, set[str]] = {}
    for alias, kept in model.all_tied_weights_keys.items():
        theirs.setdefault(kept, {kept}).add(alias)
    assert {frozenset(group) for group in module.ties()} == set(map(frozenset, theirs.values()))
    declared = {alias for alias, _ in family_ties(config_of(model))}
    assert declared >= set(model.all_tied_weights_keys)


@pytest.mark.parametrize("name", MODELS)
def test_a_config_is_recognized(name):
    assert find_family(config_of(made(name))) == name.split("-")[0].replace("llama3", "llama")


OWN_RULES = {
    "t5", "t5_encoder", "resnet", "opt", "bart", "whisper", "clip", "clip_text", "clip_vision",
    "resnet_torchvision", "rnn_lm", "convnextv2", "vit_timm", "convnext_timm",
}  # fmt: skip


@pytest.mark.parametrize("family", sorted(set(families()) - OWN_RULES))
def test_default_rules_are_those_of_transformers(family):
    spec = load_spec(family, {"initializer_range": 0.01})
    assert spec.init["**.weight"] == "normal(std=0.01)"
    assert spec.init["bias"] == "zeros"
