"""The report of ``meta``: the text pairs of a file's header."""

from collections.abc import Mapping

from paramctl.report.report import Column, Report


def metadata(pairs: Mapping[str, str]) -> Report:
    """The pairs in the order of the file."""
    return Report(
        "meta",
        (Column("key", "name"), Column("value", "text")),
        list(pairs.items()),
        payload={"metadata": dict(pairs)},
        rows_key="metadata",
        notes=[] if pairs else ["no metadata"],
    )
