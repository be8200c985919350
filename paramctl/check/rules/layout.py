"""The audit of headers, index and folder: one rule per kind of discrepancy."""

from collections.abc import Iterator
from functools import partial

from paramctl.check.finding import Finding, Severity
from paramctl.check.rule import RULES, Rule
from paramctl.check.subject import Subject

_GROUPS: dict[str, tuple[tuple[str, Severity, str], ...]] = {
    "format": (
        ("unknown-field", "warning", "An entry of the header has a field that means nothing."),
        ("null-metadata", "warning", "The header's metadata is null."),
        ("padding", "warning", "The header is padded in a way that the format does not ask for."),
    ),
    "ties": (
        ("stored-alias", "warning", "The metadata ties a name that is stored as well."),
        ("dangling-alias", "error", "The metadata ties a name to one that is not stored."),
    ),
    "index": (
        ("missing-shard", "error", "The index lists a shard that is not there."),
        ("unreadable-shard", "error", "The index lists a shard that can't be read."),
        ("wrong-shard", "error", "A tensor is in another shard than the index says."),
        ("listed-alias", "warning", "The index lists an alias, of which only the tie is stored."),
        ("absent", "error", "The index lists a tensor that no shard holds."),
        ("unlisted", "warning", "A shard holds a tensor that the index does not list."),
        ("duplicate", "error", "Several shards hold a tensor; a warning where they agree."),
        ("stray-file", "warning", "A checkpoint in the folder does not belong to the index."),
        ("total-size", "warning", "The index's total_size is missing or another one."),
        ("total-parameters", "warning", "The index's total_parameters is another one."),
        ("numbering-gap", "warning", "A series of numbered shards is not whole."),
        ("mixed-series", "warning", "The index mixes several series of numbered shards."),
        ("case-collision", "warning", "Names of two shards differ in case only."),
        ("same-file", "warning", "Two shards are one file."),
        ("metadata", "warning", "The metadata of the shards is not the same."),
    ),
}
_HINTS = {
    "missing-shard": "download or copy it again",
    "absent": "download the shards again, or rebuild the index with `paramctl reshard`",
    "wrong-shard": "rebuild the index with `paramctl reshard`",
    "unlisted": "loaders that ignore the index load it: drop it or rebuild the index",
    "stray-file": "loaders that ignore the index load it: move it away",
    "total-size": "rebuild the index with `paramctl reshard`",
    "stored-alias": "loaders disagree on which of the two counts: drop one, or the metadata",
}


def _audited(id: str, subject: Subject) -> Iterator[Finding]:
    for found in subject.audit:
        if found.rule == id:
            yield Finding(id, found.severity, found.name or found.file, found.message, found.hint)


for _group, _members in _GROUPS.items():
    for _id, _severity, _what in _members:
        _check = partial(_audited, _id)
        RULES.register(_id)(Rule(_id, _group, _severity, _HINTS.get(_id, ""), "", _check, _what))
