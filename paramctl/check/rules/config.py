"""A ``config.json`` that tells nothing, or that asks for what its family does not build."""

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


@rule("config-unbuilt", "spec", hint="mend config.json, or name a spec that builds it: --spec")
def unbuilt(subject: Subject) -> Iterator[tuple[str, str]]:
    """The config.json asks for a model that its family's spec can't build."""
    if subject.unbuilt is not None:
        yield NAME, str(subject.unbuilt).splitlines()[0]
