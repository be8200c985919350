"""A model is a plain tree of modules and parameters, in the order of its definition."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from paramctl.engine.parameter import Parameter
from paramctl.errors import UsageError
from paramctl.names import near, show

Forward = Callable[..., Any]
Infer = Callable[[Any, tuple[Any, ...]], None]


class Module:
    """A node of the model: children, its own parameters, and how it computes.

    A child or parameter that a spec leaves out on purpose is ``None``. A module that stands in
    two places is one object, and so is a tied parameter.

    Attributes:
        type_name: the block it was made from, such as ``Linear``.
        path: dotted path from the root, which is also the prefix of its tensors' names.
        forward: ``forward(execution, *values) -> value``; ``None``: the children run in order.
        infer: finds unknown sizes from the inputs, and compares those that are known; called
            before ``forward``.
        place: ``file:line`` of its declaration, or empty.
        arguments: what it was made with, in the order given; for listings.
        is_settled: whether all its sizes are known, so that only shapes ask ``infer`` again.
    """

    is_settled = False

    def __init__(
        self,
        type_name: str,
        path: str = "",
        children: dict[str, Module | None] | None = None,
        parameters: dict[str, Parameter | None] | None = None,
        *,
        forward: Forward | None = None,
        infer: Infer | None = None,
        place: str = "",
        arguments: dict[str, Any] | None = None,
    ) -> None:
        self.type_name = type_name
        self.path = path
        self.children = dict(children or {})
        self.parameters = dict(parameters or {})
        self.forward = forward
        self.infer = infer
        self.place = place
        self.arguments = dict(arguments or {})

    def __repr__(self) -> str:
        return f"{self.path or 'model'} ({self.type_name})"

    def branches(self) -> Iterator[tuple[str, Module | Parameter]]:
        """Its own parameters, then its children, by name; what is ``None`` is left out."""
        for name, parameter in self.parameters.items():
            if parameter is not None:
                yield name, parameter
        for name, child in self.children.items():
            if child is not None:
                yield name, child

    def named_parameters(self, path: str = "") -> Iterator[tuple[str, Parameter]]:
        """Every (name, parameter) below, in definition order; a tied one once per name."""
        for name, branch in self.branches():
            full = f"{path}.{name}" if path else name
            if isinstance(branch, Parameter):
                yield full, branch
            else:
                yield from branch.named_parameters(full)

    def named_modules(self, path: str = "") -> Iterator[tuple[str, Module]]:
        """Itself and every module below, once per place it stands in."""
        yield path, self
        for name, child in self.children.items():
            if child is not None:
                yield from child.named_modules(f"{path}.{name}" if path else name)

    def unique_parameters(self) -> Iterator[tuple[str, Parameter]]:
        """Every parameter once, under the first of its names."""
        seen: set[int] = set()
        for name, parameter in self.named_parameters():
            if id(parameter) not in seen:
                seen.add(id(parameter))
                yield name, parameter

    def ties(self) -> list[list[str]]:
        """Groups of names that are one parameter, in definition order."""
        names: dict[int, list[str]] = {}
        for name, parameter in self.named_parameters():
            names.setdefault(id(parameter), []).append(name)
        return [group for group in names.values() if len(group) > 1]

    def of_type(self, type_name: str) -> list[tuple[str, Module]]:
        """The modules made from this block, each once, under the first of its paths."""
        found: dict[int, tuple[str, Module]] = {}
        for path, module in self.named_modules():
            if module.type_name == type_name:
                found.setdefault(id(module), (path, module))
        return list(found.values())

    def __len__(self) -> int:
        return len(self._present())

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[Module]:
        return iter(self._present().values())

    def _present(self) -> dict[str, Module]:
        return {name: child for name, child in self.children.items() if child is not None}

    def __getitem__(self, index: int | slice | str) -> Any:
        """A child by place (negative too), a run of children by slice, anything by dotted path.

        Raises:
            UsageError: there is no such child; the text says how many there are.
        """
        if isinstance(index, str):
            return self._walk(index)
        present = self._present()
        if isinstance(index, slice):
            chosen = dict(list(present.items())[index])
            return Module(self.type_name, self.path, dict(chosen))
        if not -len(present) <= index < len(present):
            raise UsageError(f"index {index} is out of range: {self} has {len(present)} children")
        return list(present.values())[index]

    def _walk(self, path: str) -> Module | Parameter:
        """Names may hold dots of their own, so the longest that fits is tried first."""
        parts = path.split(".")
        for count in range(len(parts), 0, -1):
            branch = dict(self.branches()).get(".".join(parts[:count]))
            rest = ".".join(parts[count:])
            if branch is not None and not rest:
                return branch
            if isinstance(branch, Module):
                return branch._walk(rest)
        names = [name for name, _ in self.branches()]
        similar = ", ".join(show(name) for name in near(parts[0], names))
        raise UsageError(
            f"{self} has no '{show(path)}'", hint=f"near names: {similar}" if similar else ""
        )

    def __getattr__(self, name: str) -> Any:
        for table in (self.__dict__.get("parameters", {}), self.__dict__.get("children", {})):
            if name in table:
                return table[name]
        raise AttributeError(f"no child or parameter named '{name}'")
