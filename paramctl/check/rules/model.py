"""Whether a checkpoint fits the model it was bound to, and the rename that would make it."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from paramctl.check.finding import Finding
from paramctl.check.rule import RULES, Rule
from paramctl.check.subject import Subject

if TYPE_CHECKING:
    from paramctl.binding.bind import Binding

_UNUSED = "run `paramctl drop` if it is not wanted, or name the spec that has it"
_IDLE = "name it in the forward, or take it out of the spec"


def _missing(subject: Subject) -> Iterator[Finding]:
    binding: Binding = subject.binding
    if not binding.missing:
        return
    from paramctl.binding.refuse import hint

    told = hint(binding)
    parameters = dict(binding.module.named_parameters())
    for name in binding.missing:
        parameter = parameters[name]
        message = f"the model needs it: {parameter.kind} {_shape(parameter.shape)}"
        yield Finding("missing", "error", name, message, told)


def _unexpected(subject: Subject) -> Iterator[Finding]:
    binding: Binding = subject.binding
    if not binding.unexpected:
        return
    from paramctl.binding.refuse import hint

    told = hint(binding) or _UNUSED
    for name in binding.unexpected:
        shape = _shape(binding.source.manifest[name].shape)
        message = f"no parameter of the model takes it: {shape}"
        yield Finding("unexpected", "error", name, message, told)


def _mismatched(subject: Subject) -> Iterator[Finding]:
    binding: Binding = subject.binding
    for found in binding.mismatched:
        yield Finding("mismatched", "error", found.stored, found.problem)


def _unneeded(subject: Subject) -> Iterator[Finding]:
    binding: Binding = subject.binding
    for name in binding.leftovers:
        yield Finding("unneeded", "info", name, "a buffer that the model no longer needs")


def _apart(subject: Subject) -> Iterator[Finding]:
    binding: Binding = subject.binding
    for (name, kept), note in zip(binding.apart, binding.notes, strict=True):
        if not _is_declared(subject, name, kept):
            yield Finding("tie-apart", "warning", "", note)


def _unused(subject: Subject) -> Iterator[Finding]:
    binding: Binding = subject.binding
    for found in binding.unused:
        first, rest = found.paths[0], len(found.paths) - 1
        more = f" and {rest} more like it" if rest else ""
        message = f"no forward uses it{more}: declared in {found.block} ({found.place.short})"
        yield Finding("unused-child", "warning", first, message, _IDLE)


def _is_declared(subject: Subject, *names: str) -> bool:
    """Whether ``config.json`` ties them too, so that ``tie-broken`` tells of them."""
    groups: dict[str, set[str]] = {}
    for alias, kept in subject.declared_ties:
        groups.setdefault(kept, {kept}).add(alias)
    return any(group.issuperset(names) for group in groups.values())


def _shape(sizes: Sequence[object]) -> str:
    return f"[{', '.join(str(size) for size in sizes)}]"


for _id, _severity, _check, _what in (
    ("missing", "error", _missing, "The model needs a tensor that the checkpoint lacks."),
    ("unexpected", "error", _unexpected, "No parameter of the model takes the tensor."),
    ("mismatched", "error", _mismatched, "A tensor's shape is not the one that the model needs."),
    ("unneeded", "info", _unneeded, "A buffer that the model no longer needs."),
    ("tie-apart", "warning", _apart, "Names that the model ties are stored apart."),
    ("unused-child", "warning", _unused, "A spec makes a child or tensor that no forward uses."),
):
    RULES.register(_id)(Rule(_id, "spec", _severity, "", "binding", _check, _what))  # type: ignore[arg-type]
