"""Where parameters stand in a module tree, and putting others in their places."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from paramctl.engine.module import Module
from paramctl.engine.parameter import Parameter


class Place(NamedTuple):
    """One name of a parameter: the module that owns it, and its name there."""

    name: str
    owner: Module
    slot: str

    @property
    def parameter(self) -> Parameter:
        """What stands there now."""
        found = self.owner.parameters[self.slot]
        assert found is not None
        return found

    def put(self, parameter: Parameter) -> None:
        """Let this place hold another parameter."""
        self.owner.parameters[self.slot] = parameter


def places(module: Module) -> Iterator[Place]:
    """Every place of a parameter, in definition order; a tied one once per name."""
    for path, owner in module.named_modules():
        for slot, parameter in owner.parameters.items():
            if parameter is not None:
                yield Place(f"{path}.{slot}" if path else slot, owner, slot)


def groups(module: Module) -> list[list[Place]]:
    """The places of each parameter together, in definition order."""
    found: dict[int, list[Place]] = {}
    for place in places(module):
        found.setdefault(id(place.parameter), []).append(place)
    return list(found.values())


def twin(parameter: Parameter, name: str) -> Parameter:
    """A parameter of its own that looks like another one."""
    return Parameter(
        name,
        parameter.shape,
        dtype=parameter.dtype,
        kind=parameter.kind,
        axes=parameter.axes,
        init=parameter.init,
        origins=parameter.origins,
        persistent=parameter.persistent,
    )
