"""Default initial values of families follow the laws that transformers draws from."""

import math

import numpy as np
import pytest
from clients.odd_senses import SENSES
from clients.odd_words import WORDS
from clients.tiny_models import CASES
from safetensors.numpy import load_file

from paramctl.edit.content import array
from paramctl.edit.init import Init
from paramctl.edit.plan import Step, plan
from paramctl.init.rules import parse_rule
from paramctl.sources.open import open_source

pytestmark = pytest.mark.client
CHANGES = {
    **{case.kind: case.changes for case in reversed((*WORDS, *SENSES))},
    **dict(reversed(CASES.values())),
    "DistilBertModel": {"vocab_size": 97, "dim": 24, "n_layers": 1, "n_heads": 4, "hidden_dim": 32,
                        "sinusoidal_pos_embds": True},
}  # fmt: skip


def follows(law, theirs):
    """Whether values can come from a law: within five standard errors, within its support."""
    count = theirs.size
    if law.std == 0 or theirs.std() == 0 or count < 30:
        return np.abs(theirs - law.mean).max(initial=0) <= (1e-6 if law.std == 0 else 6 * law.std)
    kept = law.low - 1e-6 <= theirs.min() and theirs.max() <= law.high + 1e-6
    near = abs(theirs.mean() - law.mean) < 5 * law.std / math.sqrt(count)
    return kept and near and abs(theirs.std() / law.std - 1) < 5 * math.sqrt(2 / count)


@pytest.mark.parametrize("kind", sorted(CHANGES))
def test_each_tensor_of_transformers_follows_the_law_that_default_gives_it(kind, tmp_path):
    """Constants and tables without chance, such as sinusoids, are the same number by number."""
    import torch
    import transformers

    made = getattr(transformers, kind)
    torch.manual_seed(3)
    made(made.config_class(**CHANGES[kind])).save_pretrained(tmp_path)
    choices = []
    with open_source(tmp_path) as source:
        found = plan(source, [Step(Init((parse_rule("default"),), tell=choices.append), ())])
        theirs = load_file(tmp_path / "model.safetensors")
        others = []
        for entry, layer, initializer, *_ in choices:
            values = theirs[entry.name].astype("f8")
            if layer.padding is not None:
                values = np.delete(values, layer.padding, 0)
            law = initializer.moments(entry.shape, layer.axes)
            if law is None:
                ours = array(found.draft.content(entry.name), entry.dtype, entry.shape)
                same = np.abs(ours - values).max() < 1e-6
            else:
                same = follows(law, values)
            others += [] if same else [entry.name]
    assert others == []
