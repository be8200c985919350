"""Folders that lie: how opening them ends, and what the audit finds in them."""

import json
from pathlib import Path

import pytest
from hostile import verdict
from make_hostile_folders import CASES

from paramctl.errors import CheckpointError
from paramctl.sources.audit import audit
from paramctl.sources.open import open_source

TABLE = Path(__file__).parents[2] / "fixtures" / "hostile" / "folders.json"
FOUND_AT_MOST = 8


def _row(folder, what, build):
    model = build(folder) or folder

    def shown(text):
        return str(text).replace(f"{model}/", "MODEL/").replace(str(folder), "FOLDER")

    made = {"what": what}
    try:
        with open_source(model) as source:
            made["notes"] = [shown(note) for note in source.notes]
            made["tensors"] = [entry.name for entry in source.manifest][:FOUND_AT_MOST]
            read = {entry.name: source.raw(entry.name) for entry in source.manifest}
            assert set(read) == set(source.manifest.names)
    except CheckpointError as error:
        made |= {"error": shown(error), "hint": error.hint}
    try:
        with open_source(model, lenient=True) as source:
            found = audit(source)[:FOUND_AT_MOST]
            made["audit"] = [[shown(part) for part in discrepancy] for discrepancy in found]
    except CheckpointError as error:
        if shown(error) != made.get("error"):
            made["lenient"] = shown(error)
    return made


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_the_verdict_is_that_in_the_table(case, tmp_path):
    made = _row(tmp_path, case.what, case.build)
    table = json.loads(TABLE.read_text()) if TABLE.exists() else {}
    if verdict.accepts():
        table[case.id] = made
        text = json.dumps(dict(sorted(table.items())), indent=1, ensure_ascii=False)
        TABLE.write_text(text + "\n")
    assert made == table[case.id]


def test_what_even_a_lenient_opening_refuses_is_refused_alike():
    assert not any("lenient" in row for row in json.loads(TABLE.read_text()).values())


def test_the_table_has_no_other_cases():
    assert sorted(json.loads(TABLE.read_text())) == sorted(case.id for case in CASES)
