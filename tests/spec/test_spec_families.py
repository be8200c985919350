"""The built-in families against tiny random models of transformers: names, shapes, numbers."""

import numpy as np
import pytest
from spec.spec_runs import run
from spec.tiny_models import MODELS, config_of, counterpart, made

from paramctl.spec.load import families, family_ties, find_family, load_spec
from paramctl.spec.shapes import refresh

pytestmark = pytest.mark.client
NAMES = ("last_hidden_state", "pooler_output", "prediction_logits", "seq_relationship_logits",
         "logits", "start_logits", "end_logits")  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
def test_names_and_shapes_are_those_of_transformers(name):
    _, module, stored = counterpart(made(name))
    refresh(module)
    ours = {full: parameter.shape for full, parameter in module.named_parameters()}
    assert ours == {full: array.shape for full, array in stored.items()}


@pytest.mark.parametrize("name", MODELS)
def test_numbers_are_those_of_transformers(name):
    import torch

    model = made(name)
    spec, module, _ = counterpart(model)
    ids = np.random.default_rng(0).integers(0, 99, (2, 17))
    result = run(spec, module, input_ids=ids)
    ours = [x.array for x in (result if isinstance(result, tuple) else (result,)) if x is not None]
    with torch.no_grad():
        theirs = model(torch.tensor(ids), output_hidden_states=True)
    wanted = [theirs[key].numpy() for key in NAMES if key in theirs]
    if "start_logits" in theirs:
        wanted = [np.stack([theirs.start_logits.numpy(), theirs.end_logits.numpy()], -1)]
    assert wanted
    for expected in wanted:
        assert any(
            expected.shape == found.shape and abs(found - expected).max() < 1e-4 for found in ours
        )


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


@pytest.mark.parametrize("name", ["llama", "llama-tied", "gpt2", "bert-pretraining", "qwen3"])
def test_ties_are_those_of_transformers(name):
    model = made(name)
    _, module, _ = counterpart(model)
    theirs = {frozenset(pair) for pair in getattr(model, "all_tied_weights_keys", {}).items()}
    assert {frozenset(group) for group in module.ties()} == theirs
    if name != "bert-pretraining":
        assert {frozenset(pair) for pair in family_ties(config_of(model))} == theirs


@pytest.mark.parametrize("name", MODELS)
def test_a_config_is_recognized(name):
    family = find_family(config_of(made(name)))
    assert family == MODELS[name][0].split("For")[0].removesuffix("Model").lower().replace(
        "gpt2lmhead", "gpt2"
    )


@pytest.mark.parametrize("family", families())
def test_default_rules_are_those_of_transformers(family):
    spec = load_spec(family, {"initializer_range": 0.01})
    assert spec.init["**.weight"] == "normal(std=0.01)"
    assert spec.init["bias"] == "zeros"
