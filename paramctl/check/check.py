"""Is a checkpoint sound: every rule run over it, findings collected or handed out as they come."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from paramctl.check.finding import Finding, Verdict
from paramctl.check.library import complaint, complaints, library_findings
from paramctl.check.rule import Rule, chosen_rules, refuse_idle
from paramctl.check.subject import Subject
from paramctl.errors import CheckpointError, SpecError
from paramctl.sources.address import is_url, shown
from paramctl.sources.open import open_source
from paramctl.sources.source import Source
from paramctl.sources.ties import FamilyTies

if TYPE_CHECKING:
    from paramctl.check.expectation import Expectation

Bind = Callable[[Source], object]


def check(
    model: str | Path,
    *,
    values: bool = False,
    select: tuple[str, ...] = (),
    ignore: tuple[str, ...] = (),
    fail_fast: bool = False,
    bind: Bind | None = None,
    expectations: "tuple[Expectation, ...]" = (),
    family_ties: FamilyTies | None = None,
) -> Verdict:
    """What there is to say about a checkpoint.

    Args:
        values: also read every number, for NaN, infinities and constants.
        select, ignore: ids or groups of rules.
        fail_fast: stop at the first error.
        bind: binds the source to a model for the rules that need one; gives the error where its
            config asks for a model that can't be built.
        expectations: what a user expects of it.
        family_ties: what a family ties under a config; by default the built-in families.

    Raises:
        UsageError: no rule has a given id, or what was selected can't run.
    """
    rules = chosen_rules(select, ignore)
    try:
        source = open_source(model, lenient=True, family_ties=family_ties)
    except CheckpointError as error:
        return _unreadable(str(model), error)
    with source:
        subject = Subject(source, reads_values=values, expectations=expectations)
        return examine(subject, rules, fail_fast=fail_fast, bind=bind, select=select)


def examine(
    subject: Subject,
    rules: list[Rule],
    *,
    fail_fast: bool = False,
    bind: Bind | None = None,
    select: tuple[str, ...] = (),
) -> Verdict:
    """What some rules say of a checkpoint that is open already.

    Args:
        select: words of which each must run a rule, if the checkpoint can be read.

    Raises:
        UsageError: one needs what the user did not give.
    """
    source = subject.source
    subject.library = complaints(source)
    if bind is not None and not source.problems:
        found = bind(source)
        is_built = not isinstance(found, SpecError)
        subject.binding, subject.unbuilt = (found, None) if is_built else (None, found)
    if not source.problems:
        refuse_idle(select, rules, subject)
    ran: list[str] = []
    findings = tuple(_until_error(_run(rules, subject, ran), fail_fast))
    return Verdict(findings, not source.problems, subject.library, tuple(ran))


def _run(rules: list[Rule], subject: Subject, ran: list[str]) -> Iterator[Finding]:
    for rule in rules:
        if subject.offers(rule.needs):
            ran.append(rule.id)
            yield from rule.findings(subject)


def _until_error(findings: Iterator[Finding], fail_fast: bool) -> Iterator[Finding]:
    for finding in findings:
        yield finding
        if fail_fast and finding.severity == "error":
            return


def _unreadable(model: str, error: CheckpointError) -> Verdict:
    """The verdict on a model that can't be opened at all."""
    path = Path() if is_url(model) else Path(model)
    library = {path.name: complaint(path)} if path.is_file() else {}
    finding = Finding("format", "error", error.where or shown(model), error.problem, error.hint)
    findings = (finding, *library_findings(library, refused={path.name}))
    return Verdict(findings, False, library, tuple(dict.fromkeys(one.rule for one in findings)))
