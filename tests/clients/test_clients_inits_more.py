"""Default initial values of families spread as those that transformers draws."""

import numpy as np
import pytest
from clients.odd_senses import SENSES
from clients.odd_words import WORDS
from command import expect
from safetensors.numpy import load_file

pytestmark = pytest.mark.client
KINDS = (
    "OPTForCausalLM", "BartForConditionalGeneration", "CLIPModel", "Qwen2MoeForCausalLM",
    "T5ForConditionalGeneration", "ConvNextV2ForImageClassification", "GPTNeoXForCausalLM",
    "ResNetForImageClassification", "DistilBertForMaskedLM", "RobertaForMaskedLM",
    "MambaForCausalLM", "WhisperForConditionalGeneration",
)  # fmt: skip
FIRST = {case.kind: case for case in reversed((*WORDS, *SENSES))}


def close(ours, theirs):
    """The same constant, or deviations alike as far as so few elements can tell."""
    if theirs.std() == 0 or np.abs(ours - theirs).max() < 1e-6:
        return np.abs(ours - theirs).max() < 1e-6
    return theirs.size < 100 or 0.7 < ours.std() / theirs.std() < 1.4


@pytest.mark.parametrize("kind", KINDS)
def test_default_values_spread_as_those_of_transformers(kind, tmp_path):
    import torch
    import transformers

    made = getattr(transformers, kind)
    torch.manual_seed(1)
    made(made.config_class(**FIRST[kind].changes)).save_pretrained(tmp_path)
    out = tmp_path / "out.safetensors"
    expect(0, "init", tmp_path, "--scheme", "default", "-o", out)
    theirs, ours = load_file(tmp_path / "model.safetensors"), load_file(out)
    assert [name for name in theirs if not close(ours[name], theirs[name])] == []
