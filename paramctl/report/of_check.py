"""The verdict of a check as a report: a sentence per finding, worst first on a terminal."""

from collections.abc import Iterable, Iterator
from typing import Any

from paramctl.check.finding import Finding, Verdict
from paramctl.names import escape, show
from paramctl.report.patterns import grouped
from paramctl.report.report import Column, Report
from paramctl.report.screen import Screen
from paramctl.report.wrapping import wrapped
from paramctl.sources.address import shown

_COLUMNS = (Column("severity"), Column("rule"), Column("name"), Column("message"), Column("hint"))
_ORDER = {"error": 0, "warning": 1, "info": 2}
_COLORS = {"error": "31", "warning": "33", "info": "36"}


def check_report(found: Verdict, model: str, *, strict: bool = False) -> Report:
    """The report of a check.

    Args:
        model: what was checked, as it was given.
        strict: a warning fails too.
    """
    return Report(
        verb="check",
        columns=_COLUMNS,
        rows=[_row(finding) for finding in found.findings],
        payload={
            "ok": found.ok,
            "readable": found.is_readable,
            "findings": [_object(finding) for finding in found.findings],
            "library": [
                {"file": name, "accepts": not problem, "message": problem}
                for name, problem in found.library.items()
            ],
        },
        rows_key="findings",
        names=[finding.name for finding in found.findings if finding.name],
        text=lambda screen: _sentences(found, model, screen),
        forms={
            "junit": lambda: _junit(found, model, strict),
            "sarif": lambda: _sarif(found, model),
            "github": lambda: _annotations(found, model),
        },
    )


def _junit(found: Verdict, model: str, strict: bool) -> Iterator[str]:
    from paramctl.report.junit import junit  # what XML brings along takes a while

    return junit(found, model, strict=strict)


def _sarif(found: Verdict, model: str) -> Iterator[str]:
    from paramctl.report.sarif import sarif

    return sarif(found, model)


def _annotations(found: Verdict, model: str) -> Iterator[str]:
    from paramctl.report.annotations import annotations

    return annotations(found, model)


def _row(finding: Finding) -> tuple[Any, ...]:
    return finding.severity, finding.rule, finding.name, finding.message, finding.hint


def _object(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "name": finding.name,
        "message": finding.message,
        "hint": finding.hint,
    }


def _sentences(found: Verdict, model: str, screen: Screen) -> Iterable[str]:
    """A line per finding, the worst first; one for all that say the same of numbered names."""
    findings = sorted(found.findings, key=lambda finding: _ORDER[finding.severity])
    kinds = [(one.severity, one.rule, one.message, one.hint) for one in findings]
    groups = grouped([one.name for one in findings], kinds)
    hints = [findings[group.places[0]].hint for group in groups]
    for group, hint, following in zip(groups, hints, [*hints[1:], ""], strict=False):
        finding = findings[group.places[0]]
        many = f" ({len(group.places):,} tensors)" if len(group.places) > 1 else ""
        place = f"{show(group.title)}{many}: " if group.title else ""
        severity: str = finding.severity
        line = f"{severity}[{finding.rule}] {place}{show(finding.message)}"
        first, *more = wrapped(line, "    ", screen)
        if screen.has_color:
            color = f"\x1b[{_COLORS[severity]}m{severity}\x1b[0m"
            first = color + first.removeprefix(severity)
        yield from (first, *more)
        if hint and following != hint:
            told = f"    hint: {escape(hint)}"  # a command in it stays whole, to be copied
            yield from [told] if "`" in hint else wrapped(told, "      ", screen)
    yield f"{shown(model)}: {_summary(found)}"


def _summary(found: Verdict) -> str:
    counts = [
        f"{count} {severity}{'s' * (count != 1 and severity != 'info')}"
        for severity in ("error", "warning", "info")
        if (count := sum(finding.severity == severity for finding in found.findings))
    ]
    return ", ".join(counts) if counts else "sound"
