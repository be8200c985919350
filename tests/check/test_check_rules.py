"""The rules page, which the rules themselves make."""

import pytest
from command import expect

from paramctl.check.rule import GROUPS, RULES, all_rules


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
