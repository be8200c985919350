"""The files that break one rule each: what is said about them, here and by the reference."""

import json
from pathlib import Path

import make_hostile
import pytest
from hostile import verdict

from paramctl.errors import CheckpointError

FOLDER = Path(__file__).parents[2] / "fixtures" / "hostile"
TABLE = FOLDER / "verdicts.json"
CASES = [*make_hostile.cases(), *make_hostile.large_cases()]


def test_the_files_are_what_their_builder_makes():
    found = {path.name: path.read_bytes() for path in FOLDER.iterdir() if path.suffix != ".json"}
    assert found == make_hostile.files()


def test_the_verdicts_are_those_in_the_table():
    """Every error word for word, every remark, and what the reference reader says."""
    made = {case.id: verdict.row(case.content, case.what) for case in CASES}
    if verdict.accepts():
        TABLE.write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n")
    assert made == json.loads(TABLE.read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_nothing_is_taken_that_the_reference_refuses(case):
    assert verdict.contradiction(case.content) == ""


def test_every_valid_file_is_read_without_a_remark():
    for case in CASES:
        if case.id.startswith("V"):
            header = verdict.ours(case.content)
            assert not isinstance(header, CheckpointError)
            assert header.warnings == ()


def test_every_policy_is_needed_by_a_file():
    table = json.loads(TABLE.read_text())
    used = {row["stricter"] for row in table.values() if "stricter" in row}
    unused = {"nested deeper than 64", "mostly brackets", "a number near the end of float64"}
    assert used == set(verdict.POLICIES) - unused
