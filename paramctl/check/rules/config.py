"""A ``config.json`` that tells nothing."""

from collections.abc import Iterator

from paramctl.check.rule import rule
from paramctl.check.subject import Subject
from paramctl.sources.config import NAME, read_config


@rule("config", "format", "warning", hint="mend it: it says what the model is, and ties")
def config(subject: Subject) -> Iterator[tuple[str, str]]:
    """The folder has a config.json that can't be read, so that it is ignored."""
    source = subject.source
    if source.config is not None or source.where == "standard input":
        return
    _, notes = read_config(source.place)
    for note in notes:
        yield NAME, note.rpartition(f"{NAME}: ")[2]
