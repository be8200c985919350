"""``stats`` and ``hash`` as users type them."""

import hashlib
import json
import math
from pathlib import Path

import numpy as np
import pytest
from command import expect, spawn
from safetensors.numpy import save_file

CHECKPOINTS = Path(__file__).parents[2] / "fixtures" / "checkpoints"


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "m.safetensors"
    tensors = {
        "a.weight": np.float32([[1, 2], [3, 4]]),
        "a.bias": np.float32([0, 0]),
        "b.weight": np.float32([[math.nan, math.inf], [-1e5, 0]]),
        "b.empty": np.zeros((0, 2), np.float32),
        "steps": np.int64([7]),
    }
    save_file(tensors, path)
    return path


def rows(result):
    return {row["name"]: row for row in result.json["tensors"]}


def test_the_keys_of_stats_are_the_promised_ones(model):
    result = expect(0, "stats", model, "--json")
    assert result.json["schema"] == "paramctl/stats/1"
    assert list(result.json["tensors"][0]) == [
        "name", "dtype", "shape", "numel", "min", "max", "mean", "std", "absmax", "l2", "zeros",
        "nan", "inf",
    ]  # fmt: skip


def test_stats_are_strict_json_with_names_for_what_is_not_finite(model):
    row = rows(expect(0, "stats", model, "--json"))["b.weight"]
    assert (row["max"], row["mean"], row["std"], row["nan"], row["inf"]) == (
        "Infinity", "Infinity", "NaN", 1, 1,
    )  # fmt: skip
    empty = rows(expect(0, "stats", model, "--json"))["b.empty"]
    assert (empty["min"], empty["mean"], empty["zeros"]) == (None, None, 0)


def test_stats_come_in_natural_order_as_raw_numbers_in_a_pipe(model):
    result = expect(0, "stats", model, "a")
    assert result.rows[0] == [
        "a.bias", "F32", "[2]", "2", "0.0", "0.0", "0.0", "0.0", "0.0", "0.0", "2", "0", "0",
    ]  # fmt: skip
    assert [row[0] for row in result.rows] == ["a.bias", "a.weight"]


def test_a_condition_keeps_rows(model):
    result = expect(0, "stats", model, "--where", "nan > 0 or absmax > 3.5", "-f", "names")
    assert result.out.split() == ["a.weight", "b.weight", "steps"]


def test_an_unknown_figure_in_a_condition_is_wrong_usage(model):
    result = expect(2, "stats", model, "--where", "median > 0")
    assert result.err.splitlines()[0] == "paramctl: no figure named 'median'"


def test_a_condition_that_is_no_expression_is_wrong_usage(model):
    expect(2, "stats", model, "--where", "nan >")


def test_statistics_by_module_are_those_of_all_its_elements(model):
    row = rows(expect(0, "stats", model, "--by", "module", "--json"))["a"]
    values = np.array([1, 2, 3, 4, 0, 0.0])
    assert (row["numel"], row["min"], row["max"], row["zeros"]) == (6, 0.0, 4.0, 2)
    assert row["mean"] == pytest.approx(values.mean(), rel=1e-15)
    assert row["std"] == pytest.approx(values.std(), rel=1e-15)
    assert row["l2"] == pytest.approx(np.linalg.norm(values), rel=1e-15)


def test_histograms_count_every_finite_value(model):
    found = rows(expect(0, "stats", model, "--hist", "--json"))
    histogram = found["a.weight"]["histogram"]
    assert sum(histogram["counts"]) == 4
    assert (histogram["edges"][0], histogram["edges"][-1]) == (1.0, 4.0)
    assert sum(found["b.weight"]["histogram"]["counts"]) == 2
    assert found["b.empty"]["histogram"] is None
    assert found["a.bias"]["histogram"]["counts"] == [2]


def test_aliases_have_a_row_only_when_they_are_named():
    tied = CHECKPOINTS / "tied.safetensors"
    assert "4.weight" not in rows(expect(0, "stats", tied, "--json"))
    assert "4.weight" not in rows(expect(0, "stats", tied, "4 | 2", "--json"))
    named = rows(expect(0, "stats", tied, "4.weight", "2.weight", "--json"))
    assert {**named["4.weight"], "name": ""} == {**named["2.weight"], "name": ""}


def test_every_dtype_has_statistics_or_says_why_not():
    result = expect(0, "stats", CHECKPOINTS / "dtypes.safetensors", "--json")
    unread = {name for name, row in rows(result).items() if row["zeros"] is None}
    assert unread == {"t.F6_E2M3", "t.F6_E3M2"}
    assert "warning: t.F6_E2M3: F6_E2M3 has no stated packing: values unread" in result.err


@pytest.mark.parametrize(
    "name", ["empty", "scalar", "zero-size", "hostile-names", "unicode", "bool", "f8", "f32"]
)
@pytest.mark.parametrize("verb", ["stats", "hash"])
@pytest.mark.parametrize("form", ["tsv", "csv", "json", "jsonl", "md", "table", "names"])
def test_odd_checkpoints_pass_in_every_form(name, verb, form):
    result = expect(0, verb, CHECKPOINTS / f"{name}.safetensors", "-f", form)
    assert "\x1b" not in result.out


def test_a_sharded_model_and_one_file_give_the_same_answers():
    for verb in ("stats", "hash"):
        one = expect(0, verb, CHECKPOINTS / "mlp.safetensors")
        assert expect(0, verb, CHECKPOINTS / "sharded").out == one.out


def test_digests_follow_the_documented_scheme(model):
    result = expect(0, "hash", model, "--json").json
    digest = hashlib.sha256(b"I64 1\n" + np.int64([7]).tobytes()).hexdigest()
    assert result["tensors"]["steps"] == digest
    assert result["algorithm"] == "paramctl-1"
    text = "".join(f"{name}\t{result['tensors'][name]}\n" for name in sorted(result["tensors"]))
    assert result["model"] == hashlib.sha256(text.encode()).hexdigest()


def test_only_stored_names_have_digests():
    tensors = expect(0, "hash", CHECKPOINTS / "tied.safetensors", "--json").json["tensors"]
    assert "2.weight" in tensors
    assert "4.weight" not in tensors


@pytest.mark.parametrize("form", ["tsv", "json"])
@pytest.mark.parametrize("name", ["mlp", "hostile-names", "unicode", "dtypes"])
def test_a_manifest_verifies_the_model_it_was_made_of(form, name, tmp_path):
    path = CHECKPOINTS / f"{name}.safetensors"
    manifest = tmp_path / "MANIFEST"
    manifest.write_text(expect(0, "hash", path, "-f", form).out)
    result = expect(0, "hash", path, "--verify", manifest, "--json").json
    assert (result["equal"], result["mismatches"]) == (True, [])


def test_verification_names_every_tensor_that_differs(model, tmp_path):
    manifest = tmp_path / "MANIFEST"
    manifest.write_text(expect(0, "hash", model).out)
    other = tmp_path / "other.safetensors"
    save_file({"a.weight": np.float32([[1, 2], [3, 5]]), "new": np.float32([1])}, other)
    result = expect(1, "hash", other, "--verify", manifest, "--json").json
    names = [found["name"] for found in result["mismatches"]]
    assert names == ["a.bias", "a.weight", "b.empty", "b.weight", "new", "steps"]
    assert result["mismatches"][0]["found"] is None
    assert result["mismatches"][4]["expected"] is None
    expect(1, "hash", other, "a.weight", "--verify", manifest)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a\tb\n", "MANIFEST:1: expected a name, a tab and a digest, found 'a\\x09b'"),
        (
            "{",
            "MANIFEST: the manifest is not JSON: wanted a key in double quotes at character 1",
        ),
        ("{}", "MANIFEST: this is no manifest: it has no algorithm and no tensors\nhint: make one"),
        ("[" * 99_999, "MANIFEST:1: expected a name, a tab and a digest, found '[[["),
        ('{"a":' * 99_999, "MANIFEST: the manifest is not JSON that can be read"),
        ('{"algorithm": "md5"}', "MANIFEST: the algorithm is 'md5', wanted 'paramctl-1'"),
        ('{"algorithm": "paramctl-1"}', "MANIFEST: 'tensors' is no map of names to digests"),
        (f"a\t{'0' * 64}\na\t{'1' * 64}\n", "MANIFEST:2: 'a' is listed twice"),
    ],
)
def test_a_file_that_is_no_manifest_is_malformed(text, message, model, tmp_path):
    (tmp_path / "MANIFEST").write_text(text)
    result = expect(3, "hash", model, "--verify", "MANIFEST", cwd=tmp_path)
    assert result.err.startswith(f"paramctl: {message}")


def test_an_empty_manifest_proves_nothing(tmp_path):
    (tmp_path / "MANIFEST").write_text("")
    empty = CHECKPOINTS / "empty.safetensors"
    result = expect(2, "hash", empty, "--verify", tmp_path / "MANIFEST")
    assert result.err.splitlines()[0] == "paramctl: there is no digest to compare"


def test_a_selection_that_matches_nothing_is_wrong_usage(model):
    for verb in ("stats", "hash"):
        assert "selects none of 5 tensors" in expect(2, verb, model, "decoder").err


def test_threads_do_not_change_the_output(model):
    one = spawn("stats", model, "--threads", "1")
    assert one.code == 0
    assert spawn("stats", model, "--threads", "3").out == one.out


def test_a_model_on_standard_input_has_the_same_statistics(model):
    result = spawn("stats", "-", "--json", input=model.read_bytes())
    assert json.loads(result.out) == expect(0, "stats", model, "--json").json
