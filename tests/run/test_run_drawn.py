"""A spec that is run alone has the tensors that `init` would write for it."""

import numpy as np
import pytest

from paramctl.binding.model import Model
from paramctl.edit.content import array
from paramctl.edit.init import Init
from paramctl.edit.init_fresh import plan_fresh, sized_model
from paramctl.edit.plan import Step
from paramctl.init.rules import parse_rule
from paramctl.run.drawn import draw_model
from paramctl.spec.load import load_spec

SPEC = """
paramctl: 1
name: net
model: Sequential(Embedding(9, 4, padding_idx=2), Linear(4, 4), Linear(4, 4), LayerNorm(4))
ties: {"1.weight": "2.weight"}
init: {"**.weight": normal(std=0.02)}
"""


@pytest.mark.parametrize("schemes", [(), ("normal(std=0.5)",), ("0.weight=ones", "kaiming")])
def test_drawn_tensors_are_those_of_init(tmp_path, schemes):
    path = tmp_path / "net.yaml"
    path.write_text(SPEC)
    spec = load_spec(path)
    rules = tuple(map(parse_rule, schemes))
    written = plan_fresh(spec, sized_model(spec), Step(Init(rules, 5)))
    module = sized_model(spec)
    draw_model(Model(spec, module), rules, 5)
    for name, parameter in module.named_parameters():
        entry = written.manifest[name]
        expected = array(written.draft.content(name), entry.dtype, entry.shape)
        assert np.array_equal(parameter.value.array(), expected)
        if parameter.value.shape:
            assert np.array_equal(parameter.value.rows(1, 3), expected[1:3])
            assert np.array_equal(parameter.value.take(np.array([3, 2])), expected[[3, 2]])
