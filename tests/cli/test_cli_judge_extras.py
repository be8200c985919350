"""Further figures of ``stats``: quantiles, singular values, layers, unlikeness."""

import numpy as np
import pytest
from command import expect
from safetensors.numpy import save_file


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """Six layers, one of them ten times as large, and a head."""
    random = np.random.default_rng(0)
    path = tmp_path_factory.mktemp("model") / "m.safetensors"
    tensors = {
        f"h.{n}.w.weight": random.standard_normal((8, 8)).astype(np.float32) * (10 if n == 3 else 1)
        for n in range(6)
    }
    save_file({**tensors, "head.bias": np.float32([1, 2, 3])}, path)
    return path


def rows(result):
    return {row["name"]: row for row in result.json["tensors"]}


def test_quantiles_are_keys_by_probability_and_columns(model):
    row = rows(expect(0, "stats", model, "--quantiles", "0.50,1,0", "--json"))["head.bias"]
    assert row["quantiles"] == {"0.5": 2.0, "1": 3.0, "0": 1.0}
    table = expect(0, "stats", model, "head", "--quantiles", "0.25,.75", "--header").rows
    assert table[0][-2:] == ["q0.25", "q0.75"]
    assert table[1][-2:] == ["1.5", "2.5"]


def test_the_promised_keys_come_first_and_nothing_else_unasked(model):
    plain = rows(expect(0, "stats", model, "--json"))["head.bias"]
    flags = ("--quantiles", "0.5", "--spectral", "2", "--outliers")
    full = rows(expect(0, "stats", model, *flags, "--json"))["head.bias"]
    assert list(full)[: len(plain)] == list(plain)
    assert set(full) - set(plain) == {
        "quantiles", "singular_values", "stable_rank", "converged", "unlike",
    }  # fmt: skip


def test_singular_values_are_for_matrices(model):
    found = rows(expect(0, "stats", model, "--spectral", "2", "--json"))
    assert len(found["h.0.w.weight"]["singular_values"]) == 2
    assert found["h.0.w.weight"]["stable_rank"] > 1
    assert found["head.bias"]["singular_values"] is None
    line = expect(0, "stats", model, "h.0", "--spectral", "2").rows[0]
    assert len(line[-1].split(",")) == 2


def test_the_unlike_layer_has_the_highest_score(model):
    found = rows(expect(0, "stats", model, "--outliers", "--json"))
    scores = {name: abs(row["unlike"]["score"]) for name, row in found.items() if row["unlike"]}
    assert len(scores) == 6
    assert max(scores, key=scores.get) == "h.3.w.weight"
    assert found["h.3.w.weight"]["unlike"]["layers"] == 6
    assert found["head.bias"]["unlike"] is None


def test_siblings_that_a_condition_leaves_out_are_compared_with_all_the_same(model):
    flags = ("--outliers", "--where", "absmax > 10", "--json")
    found = rows(expect(0, "stats", model, *flags))
    assert list(found) == ["h.3.w.weight"]
    assert found["h.3.w.weight"]["unlike"]["layers"] == 6


def test_rows_by_layer_are_the_layers_and_the_modules_beside_them(model):
    result = expect(0, "stats", model, "--by", "layer", "--outliers", "-f", "names")
    assert result.out.split() == ["h.0", "h.1", "h.2", "h.3", "h.4", "h.5", "head"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--by", "tensor"), "--by takes module or layer, not 'tensor'"),
        (("--by", "layer", "--hist"), "--hist is for tensors"),
        (("--by", "layer", "--quantiles", "0.5"), "--quantiles is for tensors"),
        (("--by", "module", "--spectral", "1"), "--spectral is for tensors"),
        (("--spectral", "0"), "--spectral takes 1 to 64 singular values, not 0"),
        (("--quantiles", "2"), "a quantile is a number from 0 to 1, not '2'"),
    ],
)
def test_wrong_usage_says_what_is_wrong(model, arguments, message):
    assert expect(2, "stats", model, *arguments).err.splitlines()[0] == f"paramctl: {message}"


@pytest.mark.parametrize("form", ["table", "tsv", "csv", "json", "jsonl", "md"])
def test_all_of_them_come_in_every_form(model, form):
    flags = ("--hist", "--quantiles", "0.5", "--spectral", "2", "--outliers", "-f", form)
    assert "stable" in expect(0, "stats", model, *flags, "--header").out
