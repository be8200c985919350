"""``check --expect``: a user's own assertions, and mistakes in the file that holds them."""

import math

import numpy as np
import pytest
from command import expect
from safetensors.numpy import save_file

W = np.random.default_rng(0).standard_normal((4, 8)).astype(np.float32)


@pytest.fixture
def checked(tmp_path):
    """Runs the check of a small checkpoint with these rules; its findings and exit code."""
    tensors = {
        "layers.0.weight": W,
        "layers.1.weight": W * 2,
        "layers.1.bias": np.float16([1, 2, 3, 4]),
        "head[0]": np.float32([math.nan, 40]),
    }
    save_file(tensors, tmp_path / "m.safetensors")

    def run(rules, code=1):
        (tmp_path / "rules.yaml").write_text(rules)
        return expect(
            code, "check", "m.safetensors", "--expect", "rules.yaml", "--json", cwd=tmp_path
        )

    return run


def found(result):
    return [(row["rule"], row["name"], row["message"]) for row in result.json["findings"]]


def test_what_holds_gives_no_finding(checked):
    rules = """
- select: '**.weight'
  count: 2
  dtype: [F32, bf16]
  shape: [any, 8]
  where: absmax < 10 and nan == 0 and ndim == 2
- select: [bias, 'head[0]']
  count: 1..2
- count: 4..
"""
    assert found(checked(rules, 0)) == []


def test_another_number_of_tensors_is_found(checked):
    rules = "- select: '**.weight'\n  count: 3\n- select: bias\n  count: 2..5\n"
    assert found(checked(rules)) == [
        ("expect-count", "", "'**.weight' selects 2, expected 3 (rules.yaml:1)"),
        ("expect-count", "", "'bias' selects 1, expected 2 to 5 (rules.yaml:3)"),
    ]


def test_a_selection_of_nothing_is_found_unless_none_are_expected(checked):
    assert found(checked("- select: lm_head\n  dtype: F32\n")) == [
        ("expect-count", "", "'lm_head' selects nothing (rules.yaml:1)")
    ]
    assert found(checked("- select: lm_head\n  count: 0\n", 0)) == []


def test_another_dtype_is_found(checked):
    assert found(checked("- dtype: [F32, BF16]\n")) == [
        ("expect-dtype", "layers.1.bias", "expected dtype F32 or BF16, found F16 (rules.yaml:1)")
    ]


@pytest.mark.parametrize("shape", ["[4, any, any]", "[4, 9]", "[]"])
def test_another_shape_is_found(checked, shape):
    text = shape.replace(" ", "")
    assert found(checked(f"- select: layers.0\n  shape: {shape}\n")) == [
        ("expect-shape", "layers.0.weight", f"expected shape {text}, found [4,8] (rules.yaml:1)")
    ]


def test_a_condition_that_does_not_hold_tells_the_figures(checked):
    assert found(checked("- select: 'head[0]'\n  where: absmax < 10 and nan == 0\n")) == [
        (
            "expect-where",
            "head[0]",
            "expected absmax < 10 and nan == 0, found absmax 40.0, nan 1 (rules.yaml:1)",
        )
    ]


def test_a_rule_has_a_severity_and_a_hint_of_its_own(checked):
    rules = "- select: bias\n  dtype: F32\n  severity: warning\n  hint: cast it\n"
    finding = checked(rules, 0).json["findings"][0]
    assert (finding["severity"], finding["hint"]) == ("warning", "cast it")


@pytest.mark.parametrize(
    ("rules", "error"),
    [
        (
            "- select: '**.weight'\n  shap: [1]\n",
            "paramctl: rules.yaml:2:3: a rule has no 'shap'\n"
            "     2 |   shap: [1]\n       |   ^^^^\nhint: did you mean shape?\n",
        ),
        (
            "- dtype: F33\n",
            "paramctl: rules.yaml:1:10: no dtype named 'F33'\n     1 | - dtype: F33\n"
            "       |          ^^^\n",
        ),
        (
            "- where: absmx < 1\n",
            "paramctl: rules.yaml:1:10: no figure named 'absmx'\n",
        ),
        (
            "- where: absmax <\n",
            "paramctl: rules.yaml:1:",
        ),
        (
            "- count: 5..2\n",
            "paramctl: rules.yaml:1:10: the range ends before it begins\n",
        ),
        (
            "- select: 'a & )'\n  count: 1\n- count: few\n",
            "paramctl: rules.yaml:3:10: a count is a number such as 4, or a range such as 1..4\n",
        ),
        (
            "- shape: [4, -1]\n",
            "paramctl: rules.yaml:1:14: a size is a whole number, or any\n",
        ),
        (
            "- select: '&'\n",
            "paramctl: rules.yaml:1:12: expected a ",
        ),
        (
            "- severity: fatal\n  count: 1\n",
            "paramctl: rules.yaml:1:13: a severity is error, warning, info, not 'fatal'\n",
        ),
        (
            "select: x\n",
            "paramctl: rules.yaml:1:1: rules are a list of maps, such as - select: '**.weight'\n",
        ),
        ("- hint: x\n", "paramctl: rules.yaml:1:3: a rule needs a selection or something to ex"),
        ("- select: '@names'\n", "paramctl: rules.yaml:1:12: a selection in a file can't read"),
    ],
)
def test_a_mistake_in_the_file_is_exit_3_with_its_place(rules, error, tmp_path):
    save_file({"x": W}, tmp_path / "m.safetensors")
    (tmp_path / "rules.yaml").write_text(rules)
    result = expect(3, "check", "m.safetensors", "--expect", "rules.yaml", cwd=tmp_path)
    assert result.err.startswith(error)


def test_a_condition_that_is_no_condition_is_a_mistake_too(checked):
    result = checked("- where: name\n", 3)
    assert "rules.yaml:1:10" in result.err
    assert "'name' is neither true nor false of a tensor" in result.err


def test_values_are_read_only_where_a_condition_speaks_of_them(checked, monkeypatch):
    def refuse(*arguments):
        raise AssertionError("a value was read")

    monkeypatch.setattr("paramctl.figures.statistics.statistics_of", refuse)
    assert len(found(checked("- where: ndim == 2 and numel > 8\n"))) == 2


def test_a_missing_file_of_rules_is_exit_3(tmp_path):
    save_file({"x": W}, tmp_path / "m.safetensors")
    result = expect(3, "check", "m.safetensors", "--expect", "none.yaml", cwd=tmp_path)
    assert (
        result.err
        == "paramctl: none.yaml: can't read the file of rules: no such file or directory\n"
    )
