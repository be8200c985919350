"""Many families against transformers, in float32, with odd sizes and options on and off.

With ``PYTHONPATH=tests`` it runs as a program, which prints each family's largest difference.
"""

import json
import sys
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from clients.odd_kin import KIN
from clients.odd_llamas import LLAMAS
from clients.odd_models import inputs_of, named, saved
from clients.odd_senses import SENSES
from clients.odd_words import WORDS
from clients.odd_words_more import MORE_WORDS
from clients.tiny_models import as_arguments
from command import expect
from safetensors.numpy import load_file

from paramctl.spec.recognize import families, find_family

pytestmark = pytest.mark.client
TOLERANCE = 1e-4
CASES = [*WORDS, *LLAMAS, *MORE_WORDS, *KIN, *SENSES]


def found_outputs(folder, inputs, *more):
    """What ``forward`` gives for the model in a folder."""
    out = folder / "out.safetensors"
    words = as_arguments(inputs, folder)
    expect(0, "forward", *more, folder, *words, "--save", out, "--force")
    return load_file(out)


def wanted_outputs(model, inputs):
    """What transformers gives, by its own names."""
    import torch

    with torch.no_grad():
        answer = model(**inputs)
    return {name: y.numpy() for name, y in answer.items() if isinstance(y, torch.Tensor)}


def gaps(found, wanted):
    """The largest difference of each output; of those named otherwise, the nearest is meant."""
    if "start_logits" in wanted:
        pair = wanted.pop("start_logits"), wanted.pop("end_logits")
        wanted["span_logits"] = np.stack(pair, -1)
    for name, truth in wanted.items():
        alike = [found[name]] if name in found else list(found.values())
        alike = [y for y in alike if y.shape == truth.shape]
        assert alike, f"none of {sorted(found)} is {name} {truth.shape}"
        yield min(float(np.abs(y - truth).max()) for y in alike)


def largest_gap(case, folder):
    """The largest difference between the two, over all outputs of a case."""
    model = saved(case, folder)
    inputs = inputs_of(case, model.config)
    wanted = wanted_outputs(model, inputs)
    assert all(np.abs(y).max() > 1e-2 for y in wanted.values())
    return max(gaps(found_outputs(folder, inputs), wanted))


@pytest.mark.parametrize("case", [pytest.param(c, id=named(c, i)) for i, c in enumerate(CASES)])
def test_odd_models_give_what_transformers_gives(case, tmp_path):
    """And the first of each class fits its family."""
    assert largest_gap(case, tmp_path) < TOLERANCE
    if case is FIRST[case.kind]:
        report = expect(0, "check", tmp_path, "--json").json
        assert [found for found in report["findings"] if found["severity"] == "error"] == []


ELSEWHERE = {"resnet_torchvision", "vit_timm", "convnext_timm", "rnn_lm"}


def test_every_family_is_compared_in_three_configurations_or_more():
    """Those with names that transformers does not know are compared beside this."""
    import transformers

    found = Counter()
    for case in CASES:
        config = getattr(transformers, case.kind).config_class
        told = {"architectures": [case.kind], "model_type": config.model_type}
        found[find_family(told)] += 1
    assert {
        name: found[name] for name in {*families(), *found} if found[name] < 3
    } == dict.fromkeys(ELSEWHERE, 0)


FIRST = {case.kind: case for case in reversed(CASES)}
MASKED = ("OPTForCausalLM", "RobertaForMaskedLM", "DistilBertForMaskedLM", "Phi3ForCausalLM",
          "BartForConditionalGeneration", "CLIPTextModel", "Qwen2MoeForCausalLM",
          "GemmaForCausalLM", "GPTNeoXForCausalLM", "MambaForCausalLM",
          "BloomForCausalLM", "MPNetForMaskedLM", "ModernBertForMaskedLM")  # fmt: skip


@pytest.mark.parametrize("kind", MASKED)
def test_padding_on_the_left_is_seen_by_nobody(kind, tmp_path):
    import torch

    model = saved(FIRST[kind], tmp_path)
    inputs = inputs_of(FIRST[kind], model.config)
    mask = torch.ones_like(inputs["input_ids"])
    mask[1, :4] = 0
    inputs["attention_mask"] = mask
    with torch.no_grad():
        wanted = model(**inputs)[0].numpy()
    found = found_outputs(tmp_path, inputs)
    alike = [y for y in found.values() if y.shape == wanted.shape]
    kept = mask.numpy().astype(bool) if "decoder_input_ids" not in inputs else ...
    assert min(np.abs(y - wanted)[kept].max() for y in alike) < TOLERANCE


def largest_gaps():
    """The largest difference of each family."""
    gaps = {}
    for case in CASES:
        with tempfile.TemporaryDirectory() as folder:
            gap = largest_gap(case, Path(folder))
            family = find_family(json.loads(Path(folder, "config.json").read_text()))
        gaps[family] = max(gaps.get(family, 0.0), gap)
    return dict(sorted(gaps.items()))


if __name__ == "__main__":
    json.dump(largest_gaps(), sys.stdout, indent=2)
    print()
