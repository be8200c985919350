"""What the user's own rules expect, and the checkpoint does not have."""

from collections.abc import Callable, Iterator

from paramctl.check.expectation import Expectation, Told
from paramctl.check.finding import Finding
from paramctl.check.rule import RULES, Rule
from paramctl.check.subject import Subject
from paramctl.manifest import Entry

Each = Callable[[Expectation, list[Entry]], Iterator[Told]]


def _count(subject: Subject) -> Iterator[Finding]:
    for expectation in subject.expectations:
        problem = expectation.miscounted(len(subject.expected(expectation)))
        if problem:
            yield _finding("expect-count", expectation, "", problem)


def _each(id: str, told: Each, subject: Subject) -> Iterator[Finding]:
    for expectation in subject.expectations:
        for entry, problem in told(expectation, subject.expected(expectation)):
            yield _finding(id, expectation, entry.name, problem)


def _dtype(subject: Subject) -> Iterator[Finding]:
    return _each("expect-dtype", Expectation.retyped, subject)


def _shape(subject: Subject) -> Iterator[Finding]:
    return _each("expect-shape", Expectation.reshaped, subject)


def _where(subject: Subject) -> Iterator[Finding]:
    for expectation in subject.expectations:
        condition = expectation.condition
        if condition is None:
            continue
        entries = subject.expected(expectation)
        for entry, figures in subject.figures(entries, condition.needs_values):
            if not condition.holds(entry, figures):
                found = condition.told(entry, figures)
                problem = f"expected {condition.code.text}, found {found}"
                yield _finding("expect-where", expectation, entry.name, problem)


def _finding(id: str, expectation: Expectation, name: str, problem: str) -> Finding:
    message = f"{problem} ({expectation.where})"
    return Finding(id, expectation.severity, name, message, expectation.hint)


for _id, _check, _what in (
    ("expect-count", _count, "A rule of --expect selects another number of tensors."),
    ("expect-dtype", _dtype, "A tensor's dtype is not the one that --expect wants."),
    ("expect-shape", _shape, "A tensor's shape is not the one that --expect wants."),
    ("expect-where", _where, "A condition of --expect does not hold of a tensor's figures."),
):
    RULES.register(_id)(Rule(_id, "expect", "error", "", "expectations", _check, _what))
