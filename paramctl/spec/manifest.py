"""The manifest of a module tree: what a checkpoint of it holds, sizes unknown where they are."""

from __future__ import annotations

from collections.abc import Iterator

from paramctl.engine.module import Module
from paramctl.engine.parameter import Parameter
from paramctl.manifest import Entry, Manifest, Shape


def manifest_of(module: Module) -> Manifest:
    """Every parameter that is kept in files, in definition order; other names of a tie as aliases.

    A tied parameter is stored under the name that its spec calls canonical. Nothing is stored
    yet, so ``shard`` is -1. Module types and roles are those of the owner.
    """
    owned = [found for found in _owned(module) if found[2].persistent]
    names: dict[int, list[str]] = {}
    for name, _, parameter in owned:
        names.setdefault(id(parameter), []).append(name)
    entries = []
    for name, owner, parameter in owned:
        group = names[id(parameter)]
        kept = parameter.name if parameter.name in group else group[0]
        entries.append(
            Entry(
                name,
                parameter.dtype,
                shape_of(parameter),
                parameter.kind,
                tied_to=None if name == kept else kept,
                shard=-1,
                module_type=owner.type_name,
                role=getattr(owner, "role", "") or None,
            )
        )
    return Manifest(entries)


def shape_of(parameter: Parameter) -> Shape:
    """The shape with ``None`` for a size that is not known."""
    return tuple(size if isinstance(size, int) else None for size in parameter.shape)


def _owned(module: Module) -> Iterator[tuple[str, Module, Parameter]]:
    for path, owner in module.named_modules():
        for slot, parameter in owner.parameters.items():
            if parameter is not None:
                yield (f"{path}.{slot}" if path else slot), owner, parameter
