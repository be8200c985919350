"""The verdict of a check as JUnit XML: a test case per rule, so that CI systems show it.

A rule with errors is one failure that tells them all. Infos, and warnings unless they fail too,
stand in the output of their rule.

Source: the schema of Jenkins' xunit plugin, junit-10.xsd.
"""

from collections.abc import Collection, Iterator, Sequence
from xml.sax.saxutils import escape, quoteattr

from paramctl.check.finding import Finding, Verdict
from paramctl.names import show
from paramctl.sources.address import shown


def junit(found: Verdict, model: str, *, strict: bool = False) -> Iterator[str]:
    """The lines of the document.

    Args:
        model: what was checked, as it was given.
        strict: a warning is a failure too.
    """
    failing = {"error", "warning"} if strict else {"error"}
    name = quoteattr(f"paramctl check {shown(model)}")
    groups = {rule: [one for one in found.findings if one.rule == rule] for rule in _rules(found)}
    failed = sum(any(one.severity in failing for one in group) for group in groups.values())
    counts = f'tests="{len(groups)}" failures="{failed}" errors="0"'
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield f"<testsuites {counts}>\n"
    yield f'  <testsuite name={name} {counts} skipped="0">\n'
    for rule, group in groups.items():
        yield from _case(rule, group, failing)
    yield "  </testsuite>\n</testsuites>\n"


def _rules(found: Verdict) -> list[str]:
    return list(dict.fromkeys([*found.rules, *(one.rule for one in found.findings)]))


def _case(rule: str, group: Sequence[Finding], failing: Collection[str]) -> Iterator[str]:
    opening = f'    <testcase classname="paramctl.check" name={quoteattr(rule)}'
    if not group:
        yield f"{opening}/>\n"
        return
    yield f"{opening}>\n"
    errors = [one for one in group if one.severity in failing]
    if errors:
        more = f" (and {len(errors) - 1:,} more)" if len(errors) > 1 else ""
        title = quoteattr(_sentence(errors[0]) + more)
        lines = escape("\n".join(line for one in errors for line in _lines(one)))
        yield f'      <failure type="error" message={title}>{lines}</failure>\n'
    others = [f"{one.severity}: {_sentence(one)}" for one in group if one not in errors]
    if others:
        text = escape("\n".join(others))
        yield f"      <system-out>{text}</system-out>\n"
    yield "    </testcase>\n"


def _sentence(one: Finding) -> str:
    place = f"{show(one.name)}: " if one.name else ""
    return f"{place}{show(one.message)}"


def _lines(one: Finding) -> list[str]:
    return [_sentence(one), *([f"hint: {show(one.hint)}"] if one.hint else [])]
