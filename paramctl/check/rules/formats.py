"""Files that can't be read as the format wants, and what the safetensors library says of them."""

from collections.abc import Iterator

from paramctl.check.finding import Finding
from paramctl.check.library import library_findings
from paramctl.check.rule import RULES, Rule
from paramctl.check.subject import Subject


def _format(subject: Subject) -> Iterator[Finding]:
    if subject.source.index is None:  # the shards of an index have rules of their own
        for problem in subject.source.problems:
            yield Finding("format", "error", problem.where, problem.problem, problem.hint)


def _library(subject: Subject) -> Iterator[Finding]:
    source = subject.source
    refused = {source.files[shard].name for shard in source.unreadable}
    if source.index is None and source.problems:
        refused |= {path.name for path in source.files}
    return library_findings(subject.library, refused)


RULES.register("format")(
    Rule("format", "format", "error", "", "", _format, "The file breaks a rule of the format.")
)
RULES.register("library")(
    Rule(
        "library", "format", "error", "", "", _library,
        "The safetensors library refuses the file; an info where only the library takes it.",
    )
)  # fmt: skip
