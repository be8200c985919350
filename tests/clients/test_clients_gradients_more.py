"""Gradients of more families against torch's, for logits times fixed random weights."""

import numpy as np
import pytest
from clients.odd_models import inputs_of, named, saved
from clients.odd_senses import SENSES
from clients.odd_words import WORDS
from spec.spec_runs import run

from paramctl.binding.model import fitting_model
from paramctl.sources.open import open_source

pytestmark = pytest.mark.client
LEARNING = ("t5", "resnet", "mamba", "convnext", "distilbert")
HEADS = ("Generation", "LM", "Classification")
CASES = [c for c in (*WORDS, *SENSES) if c.family in LEARNING and c.kind.endswith(HEADS)]
CASES = [pytest.param(case, id=named(case, number)) for number, case in enumerate(CASES)]


def found_gradients(folder, inputs, logits, weights):
    """Gradients by the names in the file."""
    with open_source(folder) as source:
        model = fitting_model(source)
        given = {name: value.numpy() for name, value in inputs.items()}
        result = run(model.spec, model.module, mode="tape", **given)
        outputs = result if isinstance(result, tuple) else (result,)
        ours = next(y for y in outputs if y is not None and tuple(y.shape) == logits.shape)
        ours.execution.backward(ours, weights)
        pairs = model.module.unique_parameters()
        return {model.stored_names.get(name, name): p.grad for name, p in pairs}


@pytest.mark.parametrize("case", CASES)
def test_gradients_of_weighted_logits_are_torch_s(case, tmp_path):
    import torch

    model = saved(case, tmp_path)
    inputs = inputs_of(case, model.config)
    answer = model(**inputs)
    logits = answer.logits
    weights = np.random.default_rng(3).standard_normal(logits.shape).astype("f4")
    (logits * torch.tensor(weights)).sum().backward()
    wanted = {name: p.grad.numpy() for name, p in model.named_parameters() if p.grad is not None}
    found = found_gradients(tmp_path, inputs, logits, weights)
    scale = max(np.abs(gradient).max() for gradient in wanted.values())
    assert wanted.keys() <= found.keys()
    for name, gradient in wanted.items():
        assert np.abs(found[name] - gradient).max() <= 1e-3 * scale, name
