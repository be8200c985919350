"""Findings in the formats of CI systems: JUnit XML and SARIF."""

import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from command import expect
from safetensors.numpy import save_file

from paramctl.check.finding import Finding, Verdict
from paramctl.names import show
from paramctl.report.annotations import annotations
from paramctl.report.of_check import check_report
from paramctl.report.screen import Screen

CHECKPOINTS = Path(__file__).parents[2] / "fixtures" / "checkpoints"
BOTH = CHECKPOINTS / "tied-but-both-stored"
HOSTILE = "a<b>&\"'\x00\x1b[31m\u202e]]>"


@pytest.fixture
def broken(tmp_path):
    """An error in a tensor with a name that attacks markup, and a warning."""
    path = tmp_path / "m.safetensors"
    tensors = {HOSTILE: np.full((2, 2), np.nan, np.float32), "z": np.zeros((3, 3), np.float32)}
    save_file(tensors, path)
    return path


def cases(text):
    suite = ElementTree.fromstring(text)[0]
    return suite, {case.get("name"): case for case in suite}


def test_junit_has_a_case_per_rule_that_ran_and_a_failure_where_errors_are():
    suite, found = cases(expect(1, "check", BOTH, "-f", "junit").out)
    assert (suite.get("tests"), suite.get("failures")) == (str(len(found)), "1")
    failure = found["tie-broken"].find("failure")
    assert failure.get("message") == (
        "lm_head.weight: config.json ties it to model.embed_tokens.weight, but their bytes differ"
    )
    assert failure.text.splitlines()[1].startswith("hint: set tie_word_embeddings to false")
    assert len(found["padding"]) == 0
    assert "nan" not in found


def test_junit_keeps_warnings_in_the_output_of_their_rule(broken):
    _, found = cases(expect(1, "check", broken, "--values", "-f", "junit").out)
    assert [child.tag for child in found["all-zero"]] == ["system-out"]
    assert found["all-zero"][0].text == "warning: z: all 9 values are zero"
    assert [child.tag for child in found["nan"]] == ["failure"]


def test_junit_fails_for_warnings_where_the_check_does(broken):
    suite, found = cases(expect(1, "check", broken, "--values", "--strict", "-f", "junit").out)
    assert found["all-zero"].find("failure").get("message") == "z: all 9 values are zero"
    assert suite.get("failures") == "2"


def test_annotations_are_workflow_commands_of_one_line(broken):
    out = expect(1, "check", broken, "--values", "-f", "github").out
    assert out.splitlines() == [
        f"::warning title={broken}%3A all-zero::z: all 9 values are zero",
        f"::error title={broken}%3A nan::{show(HOSTILE)}: 4 of 4 values are NaN, first at [0, 0]",
    ]
    many = Verdict((Finding("nan", "info", "", "100%", "a: b"),), is_readable=True, library={})
    assert list(annotations(many, "a,b")) == ["::notice title=a%2Cb%3A nan::100%25 (hint: a: b)\n"]


def test_a_sound_model_has_no_failure():
    suite, found = cases(expect(0, "check", CHECKPOINTS / "mlp.safetensors", "-f", "junit").out)
    assert suite.get("failures") == "0"
    assert found
    assert not any(len(case) for case in found.values())


def test_junit_is_xml_for_any_name(broken):
    _, found = cases(expect(1, "check", broken, "--values", "-f", "junit").out)
    assert (
        found["nan"]
        .find("failure")
        .get("message")
        .startswith("a<b>&\"'\\x00\\x1b[31m\\u{202e}]]>: 4 of 4 values are NaN")
    )


def test_what_can_not_be_read_is_a_failure_and_exit_3():
    hostile = CHECKPOINTS.parent / "hostile" / "L03.safetensors"
    suite, found = cases(expect(3, "check", hostile, "-f", "junit").out)
    assert suite.get("failures") == "1"
    assert found["format"].find("failure") is not None


def test_sarif_names_rules_levels_and_tensors(broken):
    body = json.loads(expect(1, "check", broken, "--values", "-f", "sarif").out)
    assert body["version"] == "2.1.0"
    (run,) = body["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert run["tool"]["driver"]["name"] == "paramctl"
    levels = {result["ruleId"]: result["level"] for result in run["results"]}
    assert levels == {"nan": "error", "all-zero": "warning"}
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        place = result["locations"][0]
        assert place["physicalLocation"]["artifactLocation"]["uri"] == f"file://{broken}"
        assert result["partialFingerprints"]["paramctl/v1"]
    names = [one["locations"][0]["logicalLocations"][0] for one in run["results"]]
    assert {"fullyQualifiedName": "z", "kind": "resource"} in names
    assert all(name["fullyQualifiedName"].isprintable() for name in names)


def test_every_rule_in_sarif_says_what_it_finds():
    body = json.loads(expect(1, "check", BOTH, "-f", "sarif").out)
    for rule in body["runs"][0]["tool"]["driver"]["rules"]:
        assert rule["shortDescription"]["text"]
        assert rule["defaultConfiguration"]["level"] in ("error", "warning", "note")


def test_sarif_points_at_the_file_that_a_finding_is_about(tmp_path):
    folder = tmp_path / "a model"
    folder.mkdir()
    part = ".model.safetensors.paramctl-1-0123abcd.part"
    (folder / part).write_bytes(b"")
    save_file({"a": np.ones(2, np.float32)}, folder / "model.safetensors")
    body = json.loads(expect(0, "check", "a model", "-f", "sarif", cwd=tmp_path).out)
    (result,) = body["runs"][0]["results"]
    place = result["locations"][0]
    assert place["physicalLocation"]["artifactLocation"]["uri"] == f"a%20model/{part}"
    assert "logicalLocations" not in place


def test_other_verbs_have_no_such_formats():
    result = expect(2, "ls", BOTH, "-f", "sarif")
    assert result.err == (
        "paramctl: no format named 'sarif'\n"
        "hint: formats are table, tree, tsv, csv, json, jsonl, md, names\n"
    )


def test_sentences_are_broken_between_words_on_a_terminal():
    finding = Finding("nan", "error", "w", "a word " * 12, "do this " * 9)
    report = check_report(Verdict((finding,), is_readable=True, library={}), "m")
    lines = list(report.text(Screen(is_terminal=True, width=40, has_color=True)))
    bare = [line.replace("\x1b[31m", "").replace("\x1b[0m", "") for line in lines]
    assert max(map(len, bare)) <= 40
    assert lines[0].startswith("\x1b[31merror\x1b[0m[nan] w: a word")
    told = " ".join(line.strip() for line in bare)
    assert told == f"error[nan] w: {'a word ' * 12}hint: {'do this ' * 9}m: 1 error"
    piped = list(report.text(Screen(is_terminal=False, width=40)))
    assert piped[0] == f"error[nan] w: {'a word ' * 12}"
