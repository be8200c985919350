"""Entries by columns are the entries; their objects are made once, when asked for."""

import pickle

from paramctl.columns import Columns
from paramctl.manifest import Entry, Manifest

ENTRIES = (
    Entry("b", "F32", (2,), "parameter", None, 0, 8, 16),
    Entry("a", "I64", (), "buffer", None, 1, 16, 24),
    Entry("c", "F32", (2,), "parameter", "b", -1),
)


def counted() -> tuple[Columns, list[str]]:
    """The entries by columns, and a list that grows whenever their objects are made."""
    made: list[str] = []
    whole = Columns.of(ENTRIES)
    return Columns(whole.names, whole.alike, lambda: (made.append("") or e for e in ENTRIES)), made


def test_columns_are_what_an_entry_says_up_to_its_shard():
    columns = Columns.of(ENTRIES)
    assert columns.names == ["b", "a", "c"]
    pairs = zip(columns.names, columns.alike, strict=True)
    assert [(name, *alike) for name, alike in pairs] == [entry[:6] for entry in ENTRIES]


def test_objects_are_made_once_and_not_for_counting():
    columns, made = counted()
    assert (len(columns), columns.names[2], made) == (3, "c", [])
    assert columns[0] is columns.entries[0]
    assert tuple(columns) == ENTRIES
    assert len(made) == 3


def test_joined_and_picked_columns_are_the_same_entries():
    columns, made = counted()
    picked = Columns.joined([columns, Columns.of(ENTRIES[:1])]).picked([3, 1])
    assert (picked.names, made) == (["b", "a"], [])
    assert picked.entries == (ENTRIES[0], ENTRIES[1])


def test_a_manifest_of_columns_is_one_of_its_entries():
    columns, made = counted()
    manifest = Manifest(columns, are_distinct=True)
    assert manifest.names == ["b", "a", "c"]
    assert manifest.ties == [["b", "c"]]
    assert (len(manifest), manifest.known(["a", "d"]), made) == (3, {"a"}, [])
    assert manifest["c"] is manifest.entries[2]
    assert manifest.canonical("c") == ENTRIES[0]


def test_columns_travel_as_their_entries():
    columns, _ = counted()
    assert pickle.loads(pickle.dumps(columns)) == columns
