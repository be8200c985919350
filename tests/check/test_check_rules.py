"""The rules page, which the rules themselves make."""

from pathlib import Path

import pytest
from command import expect

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
