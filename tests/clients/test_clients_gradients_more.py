"""Gradients of more families against torch's, for logits times fixed random weights."""

import numpy as np
import pytest
from clients.odd_llamas import LLAMAS
from clients.odd_models import inputs_of, named, saved
from clients.odd_senses import SENSES
from clients.odd_words import WORDS
from safetensors.numpy import load_file
from spec.spec_runs import run

from paramctl.binding.model import fitting_model
from paramctl.sources.open import open_source

pytestmark = pytest.mark.client
LEARNING = ("t5", "resnet", "mamba", "convnext", "distilbert", "gpt_neox", "vit", "mixtral")
HEADS = ("Generation", "LM", "Classification")
LLAMAS_TOO = ("LlamaForSequenceClassification", "BertForMaskedLM", "GPT2LMHeadModel")
CASES = [c for c in (*WORDS, *SENSES) if c.family in LEARNING and c.kind.endswith(HEADS)]
CASES += [c for c in LLAMAS if c.kind in LLAMAS_TOO]
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
        pairs = [(n, p) for n, p in model.module.unique_parameters() if p.is_trained]
        return {
            model.stored_names.get(name, name): np.zeros(p.shape, "f4")
            if p.grad is None
            else p.grad
            for name, p in pairs
        }


def wanted_gradients(model, folder):
    """Gradients by the names under which transformers saves the values, which differ in memory."""
    for parameter in model.parameters():
        gradient = parameter.grad
        parameter.data = gradient if gradient is not None else parameter.data * 0
    model.save_pretrained(folder)
    return load_file(folder / "model.safetensors")


@pytest.mark.parametrize("case", CASES)
def test_gradients_of_weighted_logits_are_torch_s(case, tmp_path):
    import torch

    model = saved(case, tmp_path)
    inputs = inputs_of(case, model.config)
    answer = model(**inputs)
    logits = answer.logits
    weights = np.random.default_rng(3).standard_normal(logits.shape).astype("f4")
    (logits * torch.tensor(weights)).sum().backward()
    found = found_gradients(tmp_path, inputs, logits, weights)
    wanted = wanted_gradients(model, tmp_path / "gradients")
    scale = max(np.abs(gradient).max() for gradient in wanted.values())
    assert scale > 0.01
    assert found.keys() <= wanted.keys()
    for name, gradient in found.items():
        assert np.abs(gradient - wanted[name]).max() <= 1e-3 * scale, name
