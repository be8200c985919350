"""What a check found, on a page: errors first, with what to do about each."""

from paramctl.check.finding import Finding
from paramctl.names import counted
from paramctl.report.html.portrait import Portrait
from paramctl.report.html.words import left_out, name, section, text, within

_BYTES = 100_000
_MOST = 300
_ORDER = {"error": 0, "warning": 1, "info": 2}


def findings(portrait: Portrait) -> str:
    """The findings, or that there are none."""
    verdict = portrait.verdict
    rules = counted(len(verdict.rules), "rule")
    if not verdict.findings:
        return section(
            "check", "Check", f'<p class="good">Sound: {rules} ran, none complained.</p>'
        )
    ordered = sorted(verdict.findings, key=lambda finding: _ORDER[finding.severity])
    kept, rest = within(map(_item, ordered), _BYTES, _MOST)
    more = left_out(rest, "findings", "<code>paramctl check --values</code>")
    return section("check", "Check", f'<ul class="findings">{"".join(kept)}</ul>', more)


def _item(finding: Finding) -> str:
    place = f"{name(finding.name)} " if finding.name else ""
    hint = f"<small>{text(finding.hint)}</small>" if finding.hint else ""
    return (
        f'<li><span class="tag {finding.severity}">{finding.severity}</span> '
        f"{place}{text(finding.message)} <small>{text(finding.rule)}</small>{hint}</li>"
    )
