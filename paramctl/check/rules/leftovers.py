"""Hidden parts of writes that never ended, beside the model."""

import re
from collections.abc import Iterator

from paramctl.check.rule import rule
from paramctl.check.subject import Subject

_PART = re.compile(r"\..*\.(paramctl-\d+-[0-9a-f]{8}\.part|tmp|incomplete)", re.S)


@rule("leftover", "format", "warning", hint="delete it, if nothing is writing here")
def leftover(subject: Subject) -> Iterator[tuple[str, str]]:
    """Temporary files, ours and others', in the model's folder."""
    if subject.source.folder is None or not subject.source.is_directory:
        return
    for name in sorted(path.name for path in subject.source.folder.iterdir()):
        if _PART.fullmatch(name):
            yield name, "a part of a write that was cut off"
