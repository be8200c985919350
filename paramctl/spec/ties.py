"""Ties of a spec in its module tree: one parameter stands under both names."""

from __future__ import annotations

from paramctl.engine.module import Module
from paramctl.engine.parameter import Parameter
from paramctl.engine.shapes import differ, show
from paramctl.errors import SpecError
from paramctl.names import near
from paramctl.names import show as show_name
from paramctl.spec.document import shown
from paramctl.spec.load import Spec

Owner = tuple[Module, str]


def apply_ties(root: Module, spec: Spec) -> None:
    """Put each canonical parameter in the place of its alias; a module's stand for all below it.

    A tie of a tensor that this config leaves out is no tie.

    Raises:
        SpecError: a name that the model does not have, or shapes that differ.
    """
    for alias, canonical in spec.ties.items():
        own = _find(root, alias, spec)
        other = _find(root, canonical, spec)
        if own is not None and other is not None:
            _tie(own, other, alias, canonical, spec)


def _find(root: Module, name: str, spec: Spec) -> Owner | None:
    """The module that owns a name and the last part of it; ``None`` where it is left out."""
    found = _walk(root, name)
    if isinstance(found, str):
        names = [*(path for path, _ in root.named_parameters())]
        similar = near(name, names)
        hint = f"did you mean {similar[0]}?" if similar else ""
        raise SpecError(
            f"ties: the model has no '{show_name(name)}'", where=shown(spec.path), hint=hint
        )
    return found


def _walk(module: Module, name: str) -> Owner | str | None:
    parts = name.split(".")
    for count in range(len(parts), 0, -1):
        head, rest = ".".join(parts[:count]), ".".join(parts[count:])
        for table in (module.parameters, module.children):
            if head not in table:
                continue
            branch = table[head]
            if branch is None:
                return None
            if not rest:
                return module, head
            if isinstance(branch, Module):
                return _walk(branch, rest)
    return name


def _tie(own: Owner, other: Owner, alias: str, canonical: str, spec: Spec) -> None:
    branch, kept = _branch(own), _branch(other)
    if isinstance(branch, Parameter) and isinstance(kept, Parameter):
        _check(branch, kept, alias, canonical, spec)
        own[0].parameters[own[1]] = kept
    elif isinstance(branch, Module) and isinstance(kept, Module):
        for name in branch.parameters:
            if kept.parameters.get(name) is not None:
                _tie((branch, name), (kept, name), f"{alias}.{name}", f"{canonical}.{name}", spec)
        for name in branch.children:
            if kept.children.get(name) is not None:
                _tie((branch, name), (kept, name), f"{alias}.{name}", f"{canonical}.{name}", spec)
    else:
        raise SpecError(
            f"ties: {alias} and {canonical} are not both tensors or both modules",
            where=shown(spec.path),
        )


def _branch(owner: Owner) -> Parameter | Module | None:
    module, name = owner
    return module.parameters.get(name) or module.children.get(name)


def _check(own: Parameter, kept: Parameter, alias: str, canonical: str, spec: Spec) -> None:
    if len(own.shape) != len(kept.shape) or any(map(differ, own.shape, kept.shape)):
        raise SpecError(
            f"ties: {alias} is {show(own.shape)}, {canonical} is {show(kept.shape)}",
            where=shown(spec.path),
        )
