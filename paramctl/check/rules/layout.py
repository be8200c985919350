"""The audit of headers, index and folder: one rule per kind of discrepancy."""

from collections.abc import Iterator
from functools import partial

from paramctl.check.finding import Finding
from paramctl.check.rule import RULES, Rule
from paramctl.check.subject import Subject

_GROUPS = {
    "format": ("unknown-field", "null-metadata", "padding"),
    "ties": ("stored-alias", "dangling-alias"),
    "index": (
        "missing-shard", "unreadable-shard", "wrong-shard", "listed-alias", "absent",
        "unlisted", "duplicate", "stray-file", "total-size", "total-parameters",
        "numbering-gap", "mixed-series", "case-collision", "same-file", "metadata",
    ),
}  # fmt: skip
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


for _group, _ids in _GROUPS.items():
    for _id in _ids:
        RULES.register(_id)(
            Rule(_id, _group, "warning", _HINTS.get(_id, ""), "", partial(_audited, _id))
        )
