"""The table of language functions that compose operations; every operation is one by itself.

A function takes the execution first: ``heads(execution, x, count)``. Text reaches it through
``Execution.function(name, …)``, which also finds operations under their own names.
"""

from collections.abc import Callable
from typing import Any

from paramctl.engine.operation import OPERATIONS
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
