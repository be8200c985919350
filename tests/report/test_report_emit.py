"""Every form of a report, in a pipe."""

import csv
import io
import json
from dataclasses import replace
from types import SimpleNamespace

import pytest

from paramctl.errors import UsageError
from paramctl.report.emit import emit
from paramctl.report.report import Branch, Column, Report

COLUMNS = (
    Column("name", "name"),
    Column("dtype", "dtype"),
    Column("shape", "shape"),
    Column("numel", "count", "?"),
    Column("nbytes", "bytes", "?"),
)
ROWS = [
    ("enc.0.weight", "F32", (384, 384), 147456, 589824),
    ("enc.0.bias", "BF16", (None,), None, None),
    ("a|b,\n\x1b[0m`:bomb:`", "I64", (), 1, 8),
]
REPORT = Report("ls", COLUMNS, ROWS, title=["a title"], notes=["a note"])


def printed(capsys, report=REPORT, form="", **options) -> str:
    style = {"form": form, "header": False, "color": "auto"} | options
    emit(report, SimpleNamespace(**style))
    return capsys.readouterr().out


def test_a_pipe_gets_raw_values_apart_by_tabs(capsys):
    assert printed(capsys) == (
        "enc.0.weight\tF32\t[384,384]\t147456\t589824\n"
        "enc.0.bias\tBF16\t[?]\t?\t?\n"
        "a|b,\\x0a\\x1b[0m`:bomb:`\tI64\t[]\t1\t8\n"
    )


def test_a_header_comes_when_asked_for(capsys):
    lines = printed(capsys, header=True).splitlines()
    assert lines[0] == "name\tdtype\tshape\tnumel\tnbytes"
    assert len(lines) == 4


def test_csv_has_a_header_and_quotes(capsys):
    rows = list(csv.reader(io.StringIO(printed(capsys, form="csv"))))
    assert rows[0] == ["name", "dtype", "shape", "numel", "nbytes"]
    assert rows[1] == ["enc.0.weight", "F32", "[384,384]", "147456", "589824"]
    assert rows[3][0] == "a|b,\\x0a\\x1b[0m`:bomb:`"


def test_json_has_the_rows_as_objects_with_true_names(capsys):
    found = json.loads(printed(capsys, form="json"))
    assert found["schema"] == "paramctl/ls/1"
    assert found["tensors"][2] == {
        "name": "a|b,\n\x1b[0m`:bomb:`", "dtype": "I64", "shape": [], "numel": 1, "nbytes": 8,
    }  # fmt: skip
    assert found["tensors"][1]["shape"] == [None]


def test_jsonl_is_a_row_a_line(capsys):
    lines = printed(capsys, form="jsonl").splitlines()
    assert [json.loads(line)["name"] for line in lines] == [row[0] for row in ROWS]


def test_jsonl_without_rows_is_the_answer_on_one_line(capsys):
    report = replace(REPORT, payload={"ok": True}, rows_key=None)
    assert printed(capsys, report, "jsonl") == '{"schema": "paramctl/ls/1", "ok": true}\n'


def test_the_payload_wins_over_the_columns(capsys):
    report = replace(REPORT, payload={"tensors": [{"n": 1}]})
    assert json.loads(printed(capsys, report, "json"))["tensors"] == [{"n": 1}]
    assert printed(capsys, report, "jsonl") == '{"n": 1}\n'


def test_markdown_names_are_code(capsys):
    assert printed(capsys, form="md") == (
        "a title\n\n"
        "| name | dtype | shape | numel | nbytes |\n"
        "| --- | --- | --- | ---: | ---: |\n"
        "| `enc.0.weight` | `F32` | `[384,384]` | 147,456 | 576 KiB |\n"
        "| `enc.0.bias` | `BF16` | `[?]` | ? | ? |\n"
        "| `` a\\|b,\\x0a\\x1b[0m`:bomb:` `` | `I64` | `[]` | 1 | 8 bytes |\n"
        "\na note\n"
    )


def test_names_read_back_as_a_list(capsys):
    """Control characters, an empty name and a leading quote are written as JSON strings."""
    report = replace(REPORT, names=["a b", "new\nline", "", '"q"', "é", "\u202e"])
    assert printed(capsys, report, "names") == ('a b\n"new\\nline"\n""\n"\\"q\\""\né\n"\\u202e"\n')


def test_names_are_the_first_column_unless_said(capsys):
    assert printed(capsys, form="names").splitlines()[:2] == ["enc.0.weight", "enc.0.bias"]


def test_a_report_without_names_or_tree_says_so(capsys):
    report = Report("devices", (Column("memory", "bytes"),), [(1,)])
    for form, what in (("names", "no names to list"), ("tree", "no tree")):
        with pytest.raises(UsageError) as caught:
            printed(capsys, report, form)
        assert str(caught.value) == f"devices has {what}"
        assert caught.value.hint == "use another -f FORMAT"


def test_a_table_in_a_pipe_is_as_wide_as_it_has_to_be(capsys):
    report = replace(REPORT, rows=[("n" * 300, "F32", (1,), 1, 4)])
    assert "n" * 300 in printed(capsys, report, "table")


def test_a_table_is_aligned(capsys):
    report = replace(REPORT, rows=ROWS[:2])
    assert printed(capsys, report, "table") == (
        "a title\n"
        "name          dtype  shape        numel   nbytes\n"
        "────────────────────────────────────────────────\n"
        "enc.0.weight  F32    [384,384]  147,456  576 KiB\n"
        "enc.0.bias    BF16   [?]              ?        ?\n"
        "a note\n"
    )


def test_a_tree_grows_from_names(capsys):
    report = replace(
        REPORT, rows=[*ROWS[:2], ("head.weight", "F32", (2,), 2, 8)], title=[], notes=[]
    )
    assert printed(capsys, report, "tree") == (
        "name         dtype  shape        numel   nbytes\n"
        "───────────────────────────────────────────────\n"
        "enc.0\n"
        "├ weight     F32    [384,384]  147,456  576 KiB\n"
        "└ bias       BF16   [?]              ?        ?\n"
        "head.weight  F32    [2]              2  8 bytes\n"
    )


def test_a_tree_has_its_own_columns(capsys):
    branches = [
        Branch(("top", 1), [Branch(("left", 2), [Branch(("leaf", 3))]), Branch(("right", 4))])
    ]
    columns = (Column("name", "name"), Column("n", "count"))
    report = Report("x", COLUMNS, [], branches=branches, branch_columns=columns)
    assert printed(capsys, report, "tree") == (
        "name      n\n───────────\ntop       1\n├ left    2\n│ └ leaf  3\n└ right   4\n"
    )


def test_a_tree_of_a_hundred_thousand_levels_is_drawn(capsys):
    report = replace(
        REPORT, rows=[(".".join("a" * 100_000), "F32", (), 1, 4), ("b", "F32", (), 1, 4)]
    )
    assert printed(capsys, report, "tree")


def test_text_takes_the_place_of_the_table(capsys):
    report = replace(REPORT, text=lambda screen: [f"{screen.is_terminal}"])
    assert printed(capsys, report, "table") == "False\n"
    assert printed(capsys, report).startswith("enc.0.weight\t")


def test_color_can_be_forced(capsys):
    assert "\x1b[" in printed(capsys, form="table", color="always")
    assert "\x1b[" not in printed(capsys, form="table", color="never")


def test_rows_may_come_one_by_one(capsys):
    report = replace(REPORT, rows=(row for row in ROWS))
    assert len(printed(capsys, report).splitlines()) == 3
