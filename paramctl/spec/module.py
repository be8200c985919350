"""A module that was built from a spec: it remembers its block, its arguments, and its role."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from paramctl.engine.module import Module
from paramctl.engine.parameter import Parameter
from paramctl.engine.shapes import differ
from paramctl.engine.unknown import Unknown
from paramctl.expression.errors import LanguageError
from paramctl.spec.plans import Site
from paramctl.spec.scope import Scope
from paramctl.spec.sizes import Deferred, Open, known, known_shape, origins
from paramctl.spec.tensors import TensorPlan


class SpecModule(Module):
    """A module with what is needed to find its sizes and to place its errors.

    Attributes:
        role: what its tensors do, such as ``norm``; empty where the block doesn't say.
        site: where the spec asks for it; ``None`` for the model itself.
        scope: its arguments over the config.
        plans: its tensors by name, with sizes that may be computed from unknown ones.
        families: lists of tensors that a pattern names, by the pattern without ``{i}``.
        takes: how many inputs its forward takes at most; ``None`` where it passes all on.
        running: gives a module of this kind its ``forward`` and ``infer``.
        again: builds the same model anew; only the root has it.
    """

    def __init__(
        self,
        type_name: str,
        path: str,
        *,
        role: str = "",
        site: Site | None = None,
        scope: Scope | None = None,
        takes: int | None = None,
        place: str = "",
        arguments: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(type_name, path, place=place, arguments=arguments)
        self.role = role
        self.site = site
        self.scope = scope
        self.plans: dict[str, TensorPlan] = {}
        self.families: dict[str, list[str]] = {}
        self.takes = takes
        self.running: Callable[[SpecModule], None] = _by_its_children
        self.again: Callable[[], SpecModule] | None = None
        self.is_settled = False

    def runs_by(self, running: Callable[[SpecModule], None]) -> None:
        """Take ``forward`` and ``infer`` from what gives them to every module of its kind."""
        self.running = running
        running(self)

    def deferred(self) -> Iterator[tuple[str, Parameter, TensorPlan]]:
        """Its own tensors with their plans, until all their sizes are known."""
        if self.is_settled:
            return
        for name, plan in self.plans.items():
            parameter = self.parameters[name]
            if parameter is not None:
                yield name, parameter, plan

    def learn(self) -> None:
        """Take sizes that its tensors got from elsewhere, such as a checkpoint."""
        for _, parameter, plan in self.deferred():
            for axis, size in enumerate(plan.shape):
                found = parameter.shape[axis] if axis < len(parameter.shape) else None
                if isinstance(size, Deferred) and size.value is None and isinstance(found, int):
                    size.decide(found, _origin(parameter, axis) or "the checkpoint")

    def refresh(self) -> None:
        """Give its tensors the sizes that are known by now.

        Raises:
            LanguageError: a tensor has another size already; the text shows both sides.
        """
        is_settled = True
        for _, parameter, plan in self.deferred():
            shape = known_shape(plan.shape)
            for axis, size in enumerate(shape):
                if differ(parameter.shape[axis], size):
                    parameter.settle(shape, plan.origins[axis])
            was_open = parameter.is_deferred
            parameter.shape = tuple(
                own if isinstance(size, Unknown) else size
                for own, size in zip(parameter.shape, shape, strict=True)
            )
            parameter.origins = tuple(
                _origin_now(size, plan.origins[axis], _origin(parameter, axis))
                for axis, size in enumerate(plan.shape)
            )
            if was_open or parameter.init is None:
                parameter.init = plan.scheme()
            is_settled = is_settled and not parameter.is_deferred
        self.is_settled = is_settled and not self._open_arguments()

    def _open_arguments(self) -> list[str]:
        arguments = self.scope.arguments if self.scope else {}
        return [name for name, value in arguments.items() if isinstance(known(value), Unknown)]

    def settle(self, name: str, found: int, source: str) -> None:
        """Learn the size of an argument from an input.

        Raises:
            LanguageError: it is known to be another; the text shows both sides.
        """
        assert self.scope is not None
        own = self.scope.arguments[name]
        value = known(own)
        if not isinstance(value, Unknown):
            if value != found:
                raise LanguageError(
                    f"{self._tensor_of(name)}: {name} is {value} by {self._source(name)}, "
                    f"{found} by {source}"
                )
        elif isinstance(own, Open):
            own.decide(found, source)

    def _source(self, name: str) -> str:
        assert self.scope is not None
        own = self.scope.arguments[name]
        found = (
            own.origin if isinstance(own, Open) and own.origin else self.scope.origins.get(name, "")
        )
        return found or "the spec"

    def _tensor_of(self, argument: str) -> str:
        """The first tensor whose shape the argument decides, else the module."""
        for name, plan in self.plans.items():
            if any(argument in names for names in plan.arguments):
                return f"{self.path}.{name}" if self.path else name
        return self.path or self.type_name


def _by_its_children(_module: SpecModule) -> None:
    """Modules without a ``forward`` run their children in order, which the engine does."""


def _origin(parameter: Parameter, axis: int) -> str:
    return parameter.origins[axis] if axis < len(parameter.origins) else ""


def _origin_now(size: Any, planned: str, current: str) -> str:
    """Where a size came from: what decided it, where it was open."""
    decided = origins(size)
    if decided:
        return ", ".join(decided)
    return current if isinstance(known(size), Unknown) else planned
