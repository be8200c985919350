"""The table of language functions that compose operations; every operation is one by itself.

A function takes the execution first: ``heads(execution, x, count)``. Text reaches it through
``Execution.function(name, …)``, which also finds operations under their own names.
"""

import inspect
from collections.abc import Callable
from typing import Any

from paramctl.engine.operation import OPERATIONS
from paramctl.expression.errors import LanguageError
from paramctl.registry import Registry

Function = Callable[..., Any]

FUNCTIONS: Registry[Function] = Registry("function", "paramctl.engine.functions")


def function_names() -> list[str]:
    """Every name that can be called in a ``forward``, other spellings included, sorted."""
    tables: tuple[Registry[Any], ...] = (FUNCTIONS, OPERATIONS)
    names = {name for table in tables for name in table}
    names |= {alias for table in tables for name in table for alias in table.aliases(name)}
    return sorted(names)


def has_function(name: str) -> bool:
    """Whether a ``forward`` can call this name."""
    return name in FUNCTIONS or name in OPERATIONS


def call_function(name: str, execution: Any, given: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """What the function gives, its arguments checked against its signature first.

    Raises:
        LanguageError: it takes other arguments; the hint shows which.
    """
    function = FUNCTIONS[name]
    signature = inspect.signature(function)
    try:
        signature.bind(execution, *given, **named)
    except TypeError as error:
        raise LanguageError(f"{name}: {error}", hint=usage(name)) from None
    return function(execution, *given, **named)


def usage(name: str) -> str:
    """How a function is called: ``heads(x, count)``."""
    if name not in FUNCTIONS:
        return OPERATIONS[name].usage
    parameters = list(inspect.signature(FUNCTIONS[name]).parameters.values())[1:]
    shown = ", ".join(
        str(parameter.replace(annotation=parameter.empty)) for parameter in parameters
    )
    return f"{name}({shown})"
