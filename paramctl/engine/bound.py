"""What a ``forward`` sees of a module: its children, its parameters, and a call."""

from __future__ import annotations

from typing import Any

from paramctl.engine.execution import Execution
from paramctl.engine.module import Module
from paramctl.engine.parameter import Parameter
from paramctl.errors import UsageError
from paramctl.expression.errors import LanguageError
from paramctl.names import near


def bind(execution: Execution, branch: Any) -> Any:
    """A module or parameter as language code may touch it in this run; other values as they are."""
    if isinstance(branch, Module):
        return BoundModule(execution, branch)
    if isinstance(branch, Parameter):
        return execution.parameter(branch)
    return branch


class BoundModule:
    """A module in a run: call it, index it, reach into it."""

    __slots__ = ("execution", "module")

    def __init__(self, execution: Execution, module: Module) -> None:
        self.execution = execution
        self.module = module

    def __repr__(self) -> str:
        return repr(self.module)

    def language_call(self, *values: Any, **named: Any) -> Any:
        """Run the module.

        Raises:
            LanguageError: an argument is given by name.
        """
        if named:
            raise LanguageError(f"{self.module} takes its inputs by position")
        return self.execution.call(self.module, *values)

    def language_attribute(self, name: str) -> Any:
        """A child or a parameter; ``None`` for one that the spec left out.

        Raises:
            LanguageError: it has none of that name.
        """
        for table in (self.module.parameters, self.module.children):
            if name in table:
                return bind(self.execution, table[name])
        known = [*self.module.parameters, *self.module.children]
        hint = f"did you mean {near(name, known)[0]}?" if near(name, known) else ""
        raise LanguageError(f"{self.module} has no child or parameter '{name}'", hint=hint)

    def language_item(self, index: Any) -> Any:
        """A child by its place.

        Raises:
            LanguageError: there is no such place, or the index is no whole number or slice.
        """
        if not isinstance(index, int | slice) or isinstance(index, bool):
            raise LanguageError(f"{self.module} is indexed by a number or a slice")
        try:
            return bind(self.execution, self.module[index])
        except UsageError as error:
            raise LanguageError(error.problem, hint=error.hint) from None

    def language_items(self) -> list[Any]:
        """The children in order, for a loop over them."""
        return [bind(self.execution, child) for child in self.module]
