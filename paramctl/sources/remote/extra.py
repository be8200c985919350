"""Packages that only some addresses need."""

from importlib import import_module
from typing import Any

from paramctl.errors import ResourceError


def extra(module: str, package: str, name: str, kind: str) -> Any:
    """A module of an optional package.

    Args:
        package: the package it is of.
        name: the extra of paramctl that brings it.
        kind: the addresses that need it.

    Raises:
        ResourceError: it is not installed; the hint has the command.
    """
    try:
        return import_module(module)
    except ImportError:
        raise ResourceError(
            f"{kind} addresses are read with {package}, which is not installed",
            hint=f"pip install 'paramctl[{name}]'",
        ) from None
