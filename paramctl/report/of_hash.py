"""Digests as a report: the manifest that ``hash --verify`` reads again."""

from collections.abc import Mapping, Sequence

from paramctl.figures.digest import ALGORITHM
from paramctl.figures.manifest_file import TITLE, Mismatch
from paramctl.names import show
from paramctl.report.report import Column, Report

_COLUMNS = (Column("name", "name"), Column("digest"))
_MISMATCHES = (
    Column("name", "name"),
    Column("expected", missing="-"),
    Column("found", missing="-"),
)


def hash_report(digests: Mapping[str, str], model: str) -> Report:
    """The digests of some tensors and of the model.

    The first row is the model's, under the name of the algorithm.
    """
    rows = [(TITLE, model), *digests.items()]
    return Report(
        verb="hash",
        columns=_COLUMNS,
        rows=rows,
        payload={"algorithm": ALGORITHM, "model": model, "tensors": dict(digests)},
        rows_key=None,
        names=list(digests),
        text=lambda screen: [
            *(f"{digest}  {show(name)}" for name, digest in digests.items()),
            f"{model}  model ({ALGORITHM})",
        ],
    )


def verify_report(mismatches: Sequence[Mismatch], compared: int, model: str) -> Report:
    """What a verification found."""
    count = len(mismatches)
    return Report(
        verb="hash",
        columns=_MISMATCHES,
        rows=[(found.name, found.expected, found.found) for found in mismatches],
        payload={
            "algorithm": ALGORITHM,
            "model": model,
            "equal": not mismatches,
            "compared": compared,
            "mismatches": [
                {"name": found.name, "expected": found.expected, "found": found.found}
                for found in mismatches
            ],
        },
        rows_key="mismatches",
        text=lambda screen: [
            *(f"{show(found.name)}: {found.sentence}" for found in mismatches),
            f"{count:,} of {compared:,} tensors differ" if count else f"{compared:,} tensors match",
        ],
    )
