"""The names that an expression of a spec sees, each with where its value came from."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from paramctl.expression.parse import Code
from paramctl.spec.arithmetic import ARITHMETIC
from paramctl.spec.sizes import known


class Scope(Mapping[str, Any]):
    """Arguments of a block over the names of the config.

    Attributes:
        arguments: the nearer names; sizes that have become known are given as numbers.
        config: names of the config.
        origins: where the arguments came from, in words.
        config_origins: where the config's values came from.
        let: names computed from the others whenever they are asked for.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        config_origins: Mapping[str, str],
        arguments: dict[str, Any] | None = None,
        origins: dict[str, str] | None = None,
    ) -> None:
        self.config = config
        self.config_origins = config_origins
        self.arguments = arguments if arguments is not None else {}
        self.origins = origins if origins is not None else {}
        self.let: Mapping[str, Code] = {}

    def __contains__(self, name: object) -> bool:
        return name in self.arguments or name in self.let or name in self.config

    def __getitem__(self, name: str) -> Any:
        if name in self.arguments:
            return known(self.arguments[name])
        if name in self.let:
            return self.let[name].evaluate(self, ARITHMETIC)
        return self.config[name]

    def __iter__(self) -> Iterator[str]:
        yield from {**self.config, **self.let, **self.arguments}

    def __len__(self) -> int:
        return len({**self.config, **self.let, **self.arguments})

    def config_only(self) -> Scope:
        """The same config without arguments."""
        return Scope(self.config, self.config_origins)

    def extended(self, arguments: Mapping[str, Any], origins: Mapping[str, str]) -> Scope:
        """The scope with further names over it."""
        scope = Scope(
            self.config,
            self.config_origins,
            {**self.arguments, **arguments},
            {**self.origins, **origins},
        )
        scope.let = self.let
        return scope

    def with_index(self, number: int) -> Scope:
        """The same names with ``i`` over them; sizes that are learned later are seen by both."""
        return _Indexed(self, number)

    def origin(self, name: str) -> str:
        """Where the value of a name came from; empty for other names."""
        if name in self.arguments:
            return self.origins.get(name, "")
        if name in self.let:
            code = self.let[name]
            return origin_of(code.result, code, self) if code.result else ""
        if name in self.config:
            return f"{name} ({self.config_origins[name]})"
        return ""


class _Indexed(Scope):
    def __init__(self, outer: Scope, number: int) -> None:
        super().__init__(outer.config, outer.config_origins, outer.arguments, outer.origins)
        self.let = outer.let
        self.number = number

    def __contains__(self, name: object) -> bool:
        return name == "i" or super().__contains__(name)

    def __getitem__(self, name: str) -> Any:
        return self.number if name == "i" else super().__getitem__(name)


@lru_cache(maxsize=8192)
def names_in(node: ast.expr) -> tuple[str, ...]:
    """The names in an expression, in order, each once."""
    return tuple(dict.fromkeys(part.id for part in ast.walk(node) if isinstance(part, ast.Name)))


def origin_of(node: ast.expr, code: Code, scope: Scope) -> str:
    """Where the value of an expression comes from: the names in it, or the text itself."""
    found = (scope.origin(name) for name in names_in(node))
    origins = dict.fromkeys(origin for origin in found if origin)
    if origins:
        return ", ".join(origins)
    place = code.place.moved(node.lineno, 0)
    if place.is_builtin:
        return "the layer itself"
    return f"the spec ({place.short})" if place.file else "the spec"
