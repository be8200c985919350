"""Copies of a layer whose sizes are all known: nothing is evaluated anew."""

from __future__ import annotations

from paramctl.engine.parameter import Parameter
from paramctl.engine.unknown import Unknown
from paramctl.spec.module import SpecModule


def is_settled(module: SpecModule) -> bool:
    """Whether nothing in a module or below it waits for a size, so that copies may share it."""
    for _, found in module.named_modules():
        assert isinstance(found, SpecModule)
        arguments = found.scope.arguments.values() if found.scope else ()
        own = (parameter for parameter in found.parameters.values() if parameter is not None)
        if any(isinstance(value, Unknown) for value in arguments):
            return False
        if any(parameter.is_deferred for parameter in own):
            return False
    return True


class Copier:
    """Makes copies of one module under other paths; a module used twice is one in each copy."""

    def __init__(self, module: SpecModule) -> None:
        self.module = module

    def at(self, path: str) -> SpecModule:
        """A copy with this path."""
        return self._copy(self.module, path, {})

    def _copy(self, module: SpecModule, path: str, made: dict[int, SpecModule]) -> SpecModule:
        if id(module) in made:
            return made[id(module)]
        copy = made[id(module)] = SpecModule(
            module.type_name,
            path,
            role=module.role,
            site=module.site,
            scope=module.scope,
            takes=module.takes,
            place=module.place,
            arguments=module.arguments,
        )
        copy.plans, copy.families = module.plans, module.families
        for name, parameter in module.parameters.items():
            copy.parameters[name] = None if parameter is None else _parameter(parameter, path, name)
        for name, child in module.children.items():
            assert child is None or isinstance(child, SpecModule)
            own = f"{path}.{name}" if path else name
            copy.children[name] = None if child is None else self._copy(child, own, made)
        copy.runs_by(module.running)
        return copy


def _parameter(parameter: Parameter, path: str, name: str) -> Parameter:
    return Parameter(
        f"{path}.{name}" if path else name,
        parameter.shape,
        dtype=parameter.dtype,
        kind=parameter.kind,
        axes=parameter.axes,
        init=parameter.init,
        origins=parameter.origins,
        persistent=parameter.persistent,
    )
