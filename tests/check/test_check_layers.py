"""Rules and scores across layers: which tensor is unlike the same one of the others."""

import math

import numpy as np
import pytest
from command import expect
from safetensors.numpy import save_file

from paramctl.figures.layers import layered, siblings
from paramctl.figures.outliers import unlikeness
from paramctl.figures.statistics import Statistics
from paramctl.manifest import Entry

RANDOM = np.random.default_rng(0)


def layers(path, count=8, change=lambda layer, values: values):
    """A checkpoint of layers that hold about the same."""
    tensors = {
        f"model.layers.{layer}.w.weight": change(
            layer, RANDOM.standard_normal((16, 16)).astype(np.float32)
        )
        for layer in range(count)
    }
    save_file(tensors, path)
    return path


def found(result):
    return [(row["rule"], row["severity"], row["name"]) for row in result.json["findings"]]


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("model.layers.3.mlp.weight", ("model.layers", 3, "mlp.weight")),
        ("0.weight", ("", 0, "weight")),
        ("h.007", ("h", 7, "")),
        ("a.1.b.2.c", ("a", 1, "b.2.c")),
        (".5.x", ("", 5, "x")),
    ],
)
def test_a_name_is_parted_at_its_first_number(name, parts):
    assert layered(name) == parts


def test_a_name_without_a_number_is_in_no_layer():
    assert layered("lm_head.weight") is None
    assert siblings([Entry("lm_head.weight", "F32", (1,))]) == {}


def test_a_tensor_far_from_its_siblings_is_told(tmp_path):
    path = layers(tmp_path / "m.safetensors", change=lambda n, x: x * 50 if n == 5 else x)
    result = expect(0, "check", path, "--values", "--strict", "--json")
    assert found(result) == [("layer-outlier", "info", "model.layers.5.w.weight")]
    assert "in the median of 8 layers" in result.json["findings"][0]["message"]


@pytest.mark.parametrize("count", [4, 8])
def test_layers_that_are_much_alike_have_no_outlier(tmp_path, count):
    path = layers(tmp_path / "m.safetensors", count, lambda n, x: x * (1 + n / 20))
    assert found(expect(0, "check", path, "--values", "--json")) == []


def test_a_layer_of_zeros_is_endlessly_far():
    rows = [
        (Entry(f"h.{n}.b", "F32", (4,)), Statistics(4, l2=float(n != 2), std=0.0, absmax=1.0))
        for n in range(6)
    ]
    score = unlikeness(rows)["h.2.b"]
    assert (score.figure, score.score, score.value, score.usual) == ("rms", -math.inf, 0.0, 0.5)


def test_the_score_is_the_robust_one():
    values = [1.0, 1.1, 0.9, 1.2, 0.8, 7.0]
    rows = [(Entry(f"h.{n}.b", "F32", (1,)), Statistics(1, absmax=x)) for n, x in enumerate(values)]
    logs = np.log(values)
    middle = np.median(logs)
    expected = (math.log(7) - middle) / (1.4826 * np.median(np.abs(logs - middle)))
    assert unlikeness(rows)["h.5.b"].score == pytest.approx(expected, rel=1e-12)


def test_a_layer_in_another_dtype_is_a_warning(tmp_path):
    path = layers(
        tmp_path / "m.safetensors", change=lambda n, x: x.astype(np.float16) if n == 7 else x
    )
    result = expect(0, "check", path, "--json")
    assert found(result) == [("dtype-mixed", "warning", "model.layers.7.w.weight")]
    assert result.json["findings"][0]["message"] == "F16, in 7 of 8 layers F32"


def test_many_layers_in_another_dtype_are_a_scheme(tmp_path):
    path = layers(
        tmp_path / "m.safetensors", change=lambda n, x: x.astype(np.float16) if n % 2 else x
    )
    assert found(expect(0, "check", path, "--json")) == []
