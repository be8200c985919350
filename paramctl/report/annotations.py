"""The verdict of a check as workflow commands: GitHub shows each finding on the run's page.

Source: GitHub, Workflow commands for GitHub Actions, "Setting an error message".
"""

from collections.abc import Iterator

from paramctl.check.finding import Finding, Verdict
from paramctl.names import escape, show
from paramctl.sources.address import shown

_COMMANDS = {"error": "error", "warning": "warning", "info": "notice"}


def annotations(found: Verdict, model: str) -> Iterator[str]:
    """A command per finding.

    Args:
        model: what was checked, as it was given.
    """
    for one in found.findings:
        title = _escaped(f"{shown(model)}: {one.rule}").replace(":", "%3A").replace(",", "%2C")
        yield f"::{_COMMANDS[one.severity]} title={title}::{_escaped(_sentence(one))}\n"


def _sentence(one: Finding) -> str:
    place = f"{show(one.name)}: " if one.name else ""
    return f"{place}{show(one.message)}{f' (hint: {escape(one.hint)})' if one.hint else ''}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
