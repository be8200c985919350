"""What numbers should not be: NaN, infinite, all zero, all the same."""

from collections.abc import Iterator

from paramctl.check.places import first_place, zero_rows
from paramctl.check.rule import rule
from paramctl.check.subject import Subject
from paramctl.manifest import Entry


def _is_matrix(entry: Entry) -> bool:
    """Whether a tensor has at least two axes longer than 1."""
    return sum(size != 1 for size in entry.shape) >= 2 and entry.numel != 0


@rule("nan", "values", needs="values")
def nan(subject: Subject) -> Iterator[tuple[str, str]]:
    """Tensors with NaN; how many, and the index of the first."""
    for entry, found in subject.statistics():
        if found.nan:
            place = first_place(subject.source, entry, "nan")
            yield entry.name, f"{found.nan:,} of {found.numel:,} values are NaN, first at {place}"


@rule("inf", "values", needs="values")
def inf(subject: Subject) -> Iterator[tuple[str, str]]:
    """Tensors with infinities; how many, and the index of the first."""
    for entry, found in subject.statistics():
        if found.inf:
            place = first_place(subject.source, entry, "inf")
            yield (
                entry.name,
                f"{found.inf:,} of {found.numel:,} values are infinite, first at {place}",
            )


@rule("all-zero", "values", "warning", needs="values")
def all_zero(subject: Subject) -> Iterator[tuple[str, str]]:
    """Matrices and higher ranks of nothing but zeros; zero biases are usual."""
    for entry, found in subject.statistics():
        if _is_matrix(entry) and found.zeros == found.numel:
            yield entry.name, f"all {found.numel:,} values are zero"


@rule("constant", "values", "warning", needs="values")
def constant(subject: Subject) -> Iterator[tuple[str, str]]:
    """Matrices and higher ranks of one value other than zero; norms of ones are usual."""
    for entry, found in subject.statistics():
        is_one = found.minimum is not None and found.minimum == found.maximum
        if _is_matrix(entry) and is_one and found.absmax and not found.nan:
            yield entry.name, f"all {found.numel:,} values are {found.minimum}"


@rule("zero-rows", "values", "info", needs="values")
def zero_row(subject: Subject) -> Iterator[tuple[str, str]]:
    """Rows of zeros in a matrix that has others: padding, or units that never learned."""
    for entry, found in subject.statistics():
        width = found.numel // entry.shape[0] if entry.shape and entry.shape[0] else 0
        if len(entry.shape) < 2 or width < 2 or (found.zeros or 0) < width:
            continue
        count, first = zero_rows(subject.source, entry)
        if 0 < count < (entry.shape[0] or 0):
            yield (
                entry.name,
                f"{count:,} of {entry.shape[0]:,} rows are all zero, first row {first}",
            )


@rule("unread-values", "values", "info", needs="values")
def unread(subject: Subject) -> Iterator[tuple[str, str]]:
    """Tensors whose numbers nobody can tell."""
    for entry, found in subject.statistics():
        if found.note:
            yield entry.name, found.note
