"""Runs and lists on a narrow terminal: whole, aligned, within its columns."""

from types import SimpleNamespace

import pytest

from paramctl.report import emit as emitting
from paramctl.report.of_run import run_report
from paramctl.report.report import Column, Report
from paramctl.report.screen import Screen
from paramctl.run.request import Result
from paramctl.run.trace import Row


@pytest.fixture
def narrow(monkeypatch):
    """A terminal of 80 columns without colours."""
    monkeypatch.setattr(emitting, "screen", lambda color: Screen(is_terminal=True))
    return SimpleNamespace(form="", header=False, color="auto", say=lambda text: None)


def traced(*modules: str) -> Result:
    rows = [Row(m, "", (1, 8, 384), -1.23456e-5, 0.61, 12.5, 0, 0, 1.5e-4) for m in modules]
    return Result("cpu", {}, trace=rows)


def test_a_trace_stands_as_a_tree_of_calls(narrow, capsys):
    names = ("", "encoder", "encoder.layer.0", "encoder.layer.0.query", "encoder", "head")
    emitting.emit(run_report(traced(*names)), narrow)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  [")[0].rstrip() for line in lines[2:]] == [
        ".", "├ encoder", "│ └ layer.0", "│   └ query", "├ encoder", "└ head",
    ]  # fmt: skip


def test_a_deep_trace_fits_eighty_columns_and_says_what_is_left_out(narrow, capsys):
    names = ["", "encoder", "encoder.layer.0.attention.self.query_key_value_and_positions"]
    emitting.emit(run_report(traced(*names)), narrow)
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[-1] == "no room for inf: -f tsv tells all"


def test_names_that_have_no_dot_to_break_at_leave_out_the_mean(narrow, capsys):
    names = ["", "model", "model.decoder", "model.decoder.layers", "model.decoder.layers.0"]
    names += [f"{names[-1]}.self_attn", f"{names[-1]}.self_attn.post_attention_layernorm_of_8"]
    emitting.emit(run_report(traced(*names)), narrow)
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0].split() == ["module", "shape", "std", "absmax", "time"]
    assert lines[-1] == "no room for inf, nan, mean: -f tsv tells all"


def test_a_last_column_of_text_is_broken_between_words(narrow, capsys):
    rows = [("opt", "learned positions " * 6), ("t5", "none")]
    emitting.emit(Report("spec", (Column("name", "name"), Column("about")), rows), narrow)
    assert capsys.readouterr().out.splitlines()[2:] == [
        "opt   learned positions learned positions learned positions learned positions",
        "      learned positions learned positions",
        "t5    none",
    ]
