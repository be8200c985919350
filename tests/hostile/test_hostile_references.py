"""Three releases of the reference reader over the corpus: what each of them refuses is refused.

The newest is asked here and now, the older ones as references.json records them.
"""

import json

import make_hostile
import pytest
from hostile import references, verdict

from paramctl.errors import CheckpointError

RECORDED = json.loads(references.TABLE.read_text())
CASES = [*make_hostile.cases(), *make_hostile.large_cases()]
NEWEST = references.RELEASES[-1]
YOUNG = {"V08", "V14"}  # dtypes that only the newest release knows


@pytest.fixture(scope="module")
def live(tmp_path_factory):
    """The release in use and what it says now."""
    folder = tmp_path_factory.mktemp("corpus")
    references.write_corpus(folder)
    return references.ask(folder)


def accepts(said):
    return said == "accepts"


def test_every_file_has_the_verdict_of_every_release():
    assert set(RECORDED) == {case.id for case in CASES}
    assert {tuple(row) for row in RECORDED.values()} == {references.RELEASES}


def test_the_release_in_use_says_what_the_newest_was_recorded_to_say(live):
    release, said = live
    if release == NEWEST:
        assert said == {id: row[NEWEST] for id, row in RECORDED.items()}
    else:  # words may change from one release to the next, verdicts should not
        recorded = {id: accepts(row[NEWEST]) for id, row in RECORDED.items()}
        assert {id: accepts(text) for id, text in said.items()} == recorded


def test_what_any_release_refuses_is_refused_but_for_young_dtypes():
    taken = {
        case.id for case in CASES if not isinstance(verdict.ours(case.content), CheckpointError)
    }
    refused = {id for id, row in RECORDED.items() if not all(map(accepts, row.values()))}
    assert taken & refused == YOUNG


def test_releases_differ_in_nothing_but_young_dtypes():
    mixed = {id for id, row in RECORDED.items() if len(set(map(accepts, row.values()))) > 1}
    assert mixed == YOUNG
    assert all(accepts(RECORDED[id][NEWEST]) for id in YOUNG)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("accepts", "accepts"),
        ("Error while deserializing header: HeaderTooSmall", "HeaderTooSmall"),
        ('Error while deserializing header: InvalidOffset("x")', "InvalidOffset"),
        ("Error while deserializing: invalid offset for tensor `a`", "invalid offset for tensor"),
    ],
)
def test_a_reason_is_left_without_what_varies(text, reason):
    assert references.reason(text) == reason
