"""A spec that stands alone runs on the values that ``init`` would write."""

import numpy as np
import pytest
from command import expect
from safetensors.numpy import load_file

from paramctl.binding.model import free_model
from paramctl.init.rules import parse_rule
from paramctl.run.drawn import draw_model
from paramctl.spec.shapes import infer_shapes

SPEC = """\
paramctl: 1
model:
  modules:
    words: Embedding(12, 4, padding_idx=3)
    conv: Conv1d(4, 6, 3, padding=1)
    norm: BatchNorm1d(6)
    out: Linear(6, 5)
  forward: return out(transpose(norm(conv(transpose(words(x), 1, 2))), 1, 2))
"""


@pytest.mark.parametrize(
    "scheme", ["default", "normal(std=0.5)", "orthogonal", "torch.xavier_normal"]
)
def test_drawn_values_are_those_that_init_writes(scheme, tmp_path):
    path = tmp_path / "net.yaml"
    path.write_text(SPEC)
    out = tmp_path / "w.safetensors"
    expect(0, "init", path, "--scheme", scheme, "--seed", "5", "-o", out)
    written = load_file(out)
    model = free_model(str(path))
    infer_shapes(model.spec, model.module, {"x": ((2, 7), "int64")})
    draw_model(model, [parse_rule(scheme)], 5)
    for name, parameter in model.module.unique_parameters():
        np.testing.assert_array_equal(parameter.value.array(), written[name], name)
        if written[name].ndim:
            np.testing.assert_array_equal(parameter.value.rows(1, 4), written[name][1:4], name)
            np.testing.assert_array_equal(
                parameter.value.take([[3, 1], [1, 4]]), written[name][[[3, 1], [1, 4]]], name
            )


def test_a_constant_that_no_file_keeps_is_drawn_for_a_checkpoint_too(tmp_path):
    path = tmp_path / "net.yaml"
    path.write_text(
        "paramctl: 1\nmodel:\n  params:\n    c: Constant(3, init=uniform(2, 3), persistent=False)\n"
        "    w: Param(3, init=ones)\n  forward: return x * c * w\n"
    )
    expect(0, "init", path, "-o", tmp_path / "w.safetensors")
    assert load_file(tmp_path / "w.safetensors").keys() == {"w"}
    answers = [
        expect(0, "forward", path, *given, "--input", "x=[1, 1, 1]", "--json").json["outputs"]
        for given in ((), (tmp_path / "w.safetensors",))
    ]
    assert answers[0] == answers[1]
    assert all(2 <= value < 3 for value in answers[0]["output"]["values"])
