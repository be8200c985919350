"""One thing a check found, and all of them together."""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True)
class Finding:
    """Something a user should know about a checkpoint.

    Attributes:
        rule: the id of the rule that found it.
        severity: ``error`` where it is not sound; a ``warning`` fails only when strict; a
            ``info`` never does.
        name: the tensor or file concerned, or empty.
        message: what was found and what was wanted.
        hint: what to do, with the command to type, or empty.
    """

    rule: str
    severity: Severity
    name: str
    message: str
    hint: str = ""


@dataclass(frozen=True)
class Verdict:
    """The answer of a check.

    Attributes:
        findings: in the order of the rules.
        is_readable: whether every other verb can read the model.
        library: what the safetensors library says of each file: empty where it accepts it.
        rules: the ids of the rules that ran, in their order.
    """

    findings: tuple[Finding, ...]
    is_readable: bool
    library: dict[str, str]
    rules: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether there is no error."""
        return not self.count("error")

    def count(self, severity: Severity) -> int:
        """How many findings are of a severity."""
        return sum(finding.severity == severity for finding in self.findings)
