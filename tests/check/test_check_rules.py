"""The rules page, which the rules themselves make."""

import json
from pathlib import Path

import numpy as np
import pytest
from command import expect
from safetensors.numpy import save_file

from paramctl.check.rule import GROUPS, RULES, all_rules

CHECKPOINTS = Path(__file__).parents[2] / "fixtures" / "checkpoints"


def test_the_page_tells_every_rule_once():
    rules = expect(0, "check", "--rules", "--json").json["rules"]
    assert [row["id"] for row in rules] == [rule.id for rule in all_rules()]
    assert {row["id"] for row in rules} == set(RULES.names())
    assert list(rules[0]) == ["id", "group", "severity", "needs", "what", "hint"]


def test_rules_come_group_by_group():
    places = [GROUPS.index(rule.group) for rule in all_rules()]
    assert places == sorted(places)


@pytest.mark.parametrize("form", ["table", "tsv", "csv", "json", "jsonl", "md", "names"])
def test_the_page_comes_in_every_form(form):
    assert "layer-outlier" in expect(0, "check", "--rules", "-f", form).out


def test_the_page_reads_well_on_a_terminal():
    out = expect(0, "check", "--rules", "-f", "table", "--color", "never").out
    assert (
        "  tie-stored-twice (warning)\n"
        "      Names that the config ties, stored apart with the same values.\n"
        "      hint: run `paramctl tie MODEL KEEP ALIAS`\n"
    ) in out


def test_a_check_without_a_model_is_wrong_usage():
    result = expect(2, "check")
    assert result.err == "paramctl: Missing argument 'MODEL'\nhint: run `paramctl check -h`\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--select", "nan"], "'nan' did not run\nhint: it needs --values\n"),
        (["--select", "values"], "the rules of 'values' did not run\nhint: it needs --values\n"),
        (["--select", "format", "--select", "inf"], "'inf' did not run\nhint: it needs --values\n"),
        (["--select", "expect"], "the rules of 'expect' did not run\nhint: it needs --expect\n"),
        (
            ["--select", "missing"],
            "'missing' did not run\nhint: it needs --spec, or a config.json of a known family\n",
        ),
        (
            ["--select", "nan", "--ignore", "values", "--values"],
            "every rule is left out\nhint: an empty check proves nothing\n",
        ),
    ],
)
def test_a_check_that_checks_nothing_is_refused(arguments, said):
    """Silence would look like health."""
    result = expect(2, "check", CHECKPOINTS / "mlp.safetensors", *arguments)
    assert result == (2, "", f"paramctl: {said}")


def test_a_group_runs_as_far_as_it_can():
    model = CHECKPOINTS / "mlp.safetensors"
    expect(0, "check", model, "--select", "layers")
    expect(0, "check", model, "--select", "values", "--values")


def sharded(tmp_path, first, second):

    one, two = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"
    save_file({"a": first + 1, "b": first}, tmp_path / one)
    save_file({"b": second}, tmp_path / two)
    index = {"metadata": {"total_size": 2 * first.nbytes}, "weight_map": {"a": one, "b": two}}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))
    return tmp_path


def test_a_tensor_in_two_shards_is_worse_where_the_bytes_differ(tmp_path):

    first, second = np.arange(9, dtype=np.float32), np.zeros(9, np.float32)
    (tmp_path / "same").mkdir()
    (tmp_path / "other").mkdir()
    same = expect(0, "check", sharded(tmp_path / "same", first, first))
    assert [row[1] for row in same.rows] == ["duplicate"]
    other = expect(1, "check", sharded(tmp_path / "other", first, second))
    found = [row[:3] for row in other.rows]
    assert found == [["warning", "duplicate", "b"], ["error", "duplicate-differs", "b"]]


def test_a_config_that_cannot_be_read_is_told(tmp_path):
    (tmp_path / "model.safetensors").write_bytes((CHECKPOINTS / "mlp.safetensors").read_bytes())
    (tmp_path / "config.json").write_text("model_type: bert")
    assert expect(0, "check", tmp_path).rows == [
        [
            "warning", "config", "config.json",
            "the config is not JSON: wanted a value at character 0, found 'm'; it is ignored",
            "mend it: it says what the model is, and ties",
        ]
    ]  # fmt: skip
    expect(1, "check", tmp_path, "--strict")
    (tmp_path / "config.json").unlink()
    expect(0, "check", tmp_path, "--strict")


def test_hints_about_ties_name_the_tensors(tmp_path):
    """The command can be typed as it stands."""
    both = CHECKPOINTS / "tied-but-both-stored"
    (row,) = expect(1, "check", both, "--json").json["findings"]
    assert row["hint"] == (
        f"set tie_word_embeddings to false, or `paramctl tie {both} model.embed_tokens.weight "
        "lm_head.weight --take keep -o OUT`"
    )
    command = row["hint"].split("`")[1].replace("OUT", str(tmp_path / "out")).split()[1:]
    expect(0, *command)
    expect(0, "check", tmp_path / "out", "--strict")
