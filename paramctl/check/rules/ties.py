"""Ties three ways: what ``config.json`` says, what the file says, what the bytes say."""

import shlex
from collections.abc import Iterator

from paramctl.check.rule import rule
from paramctl.check.subject import Subject
from paramctl.check.twins import stored_twins
from paramctl.names import show

_HEADS = ("lm_head", "embed_out", "output.weight", "decoder.weight")


@rule(
    "tie-broken",
    "ties",
    hint="set tie_word_embeddings to false, or `paramctl tie MODEL KEEP ALIAS --take keep`",
)
def tie_broken(subject: Subject) -> Iterator[tuple[str, str, str]]:
    """Names that the config ties, stored apart with different values."""
    for kept, other in _declared_pairs(subject):
        if not _are_equal(subject, kept, other):
            message = f"config.json ties it to {show(kept)}, but their bytes differ"
            tie = _command(subject, "tie", kept, other, "--take", "keep")
            yield other, message, f"set tie_word_embeddings to false, or {tie}"


@rule("tie-stored-twice", "ties", "warning", hint="run `paramctl tie MODEL KEEP ALIAS`")
def tie_stored_twice(subject: Subject) -> Iterator[tuple[str, str, str]]:
    """Names that the config ties, stored apart with the same values."""
    for kept, other in _declared_pairs(subject):
        if _are_equal(subject, kept, other):
            message = f"config.json ties it to {show(kept)}; both are stored, with equal bytes"
            yield other, message, f"run {_command(subject, 'tie', kept, other)}"


@rule("tie-undeclared", "ties", "warning", hint="run `paramctl tie MODEL --auto` if one is meant")
def tie_undeclared(subject: Subject) -> Iterator[tuple[str, str, str]]:
    """Stored tensors with the same values that nothing ties."""
    declared = {frozenset(pair) for pair in _declared_pairs(subject)}
    for first, *others in stored_twins(subject.source):
        for other in others:
            if frozenset((first, other)) not in declared:
                message = f"its bytes equal those of {show(first)}, and nothing ties them"
                tie = _command(subject, "tie", first, other)
                yield other, message, f"run {tie} if one is meant"


@rule(
    "tie-denied",
    "ties",
    "warning",
    hint="set tie_word_embeddings to true, or run `paramctl untie MODEL SELECT`",
)
def tie_denied(subject: Subject) -> Iterator[tuple[str, str, str]]:
    """An output layer that is only an alias, where the config says that it is not tied."""
    config = subject.source.config
    if config is None or config.get("tie_word_embeddings") is not False:
        return
    for entry in subject.source.manifest:
        if entry.tied_to is not None and any(head in entry.name for head in _HEADS):
            kept = show(entry.tied_to)
            message = f"the file ties it to {kept}, config.json sets tie_word_embeddings to false"
            untie = _command(subject, "untie", entry.name)
            yield entry.name, message, f"set tie_word_embeddings to true, or run {untie}"


def _command(subject: Subject, verb: str, *words: str) -> str:
    """What to type, with the names of this checkpoint."""
    return f"`{shlex.join(['paramctl', verb, subject.source.where, *words])} -o OUT`"


def _declared_pairs(subject: Subject) -> Iterator[tuple[str, str]]:
    """Stored names that the config ties to each other, the canonical one first."""
    manifest = subject.source.manifest
    groups: dict[str, list[str]] = {}
    for alias, kept in subject.declared_ties:
        groups.setdefault(kept, [kept]).append(alias)
    for names in groups.values():
        stored = [name for name in names if name in manifest and not manifest[name].is_alias]
        yield from ((stored[0], other) for other in stored[1:])


def _are_equal(subject: Subject, name: str, other: str) -> bool:
    from paramctl.figures.comparison import compare
    from paramctl.figures.same import Pair

    source = subject.source
    left, right = source.manifest[name], source.manifest[other]
    if (left.dtype, left.shape) != (right.dtype, right.shape):
        return False
    return compare(Pair(source, left, source, right), figures=False).is_equal
