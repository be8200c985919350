"""Ties of a spec in its module tree: one parameter stands under both names."""

from __future__ import annotations

from collections.abc import Mapping

from paramctl.engine.module import Module
from paramctl.engine.parameter import Parameter
from paramctl.engine.shapes import differ, show
from paramctl.expression.place import Place
from paramctl.names import near
from paramctl.names import show as show_name

Owner = tuple[Module, str]


def apply_ties(root: Module, ties: Mapping[str, str], places: Mapping[str, Place]) -> None:
    """Put each canonical parameter in the place of its alias; a module's stand for all below it.

    A tie of a tensor that this config leaves out is no tie.

    Args:
        ties: alias to canonical name.
        places: where the spec says so, by alias.

    Raises:
        SpecError: a name that the model does not have, or shapes that differ.
    """
    for alias, canonical in ties.items():
        own = _find(root, alias, places[alias])
        other = _find(root, canonical, places[alias])
        if own is not None and other is not None:
            _tie(own, other, alias, canonical, places[alias])


def _find(root: Module, name: str, place: Place) -> Owner | None:
    """The module that owns a name and the last part of it; ``None`` where it is left out."""
    found = _walk(root, name)
    if isinstance(found, str):
        similar = near(name, (path for path, _ in root.named_parameters()))
        hint = f"did you mean {similar[0]}?" if similar else ""
        raise place.mistake(f"the model has no '{show_name(name)}'", hint=hint)
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


def _tie(own: Owner, other: Owner, alias: str, canonical: str, place: Place) -> None:
    branch, kept = _branch(own), _branch(other)
    if isinstance(branch, Parameter) and isinstance(kept, Parameter):
        _check(branch, kept, alias, canonical, place)
        own[0].parameters[own[1]] = kept
    elif isinstance(branch, Module) and isinstance(kept, Module):
        for name in branch.parameters:
            if kept.parameters.get(name) is not None:
                _tie((branch, name), (kept, name), f"{alias}.{name}", f"{canonical}.{name}", place)
        for name in branch.children:
            if kept.children.get(name) is not None:
                _tie((branch, name), (kept, name), f"{alias}.{name}", f"{canonical}.{name}", place)
    else:
        raise place.mistake(f"{alias} and {canonical} are not both tensors or both modules")


def _branch(owner: Owner) -> Parameter | Module | None:
    module, name = owner
    return module.parameters.get(name) or module.children.get(name)


def _check(own: Parameter, kept: Parameter, alias: str, canonical: str, place: Place) -> None:
    if len(own.shape) != len(kept.shape) or any(map(differ, own.shape, kept.shape)):
        raise place.mistake(f"{alias} is {show(own.shape)}, {canonical} is {show(kept.shape)}")
