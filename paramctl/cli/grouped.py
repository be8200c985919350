"""Options of one concern, written as a dataclass and delivered to a verb as one value."""

import functools
import inspect
from collections.abc import Callable, Collection
from dataclasses import fields
from typing import Any


def grouped(
    argument: str, options: Any, names: Collection[str] | None = None
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A decorator for verbs: the fields of ``options`` become options of the command line.

    Args:
        argument: the keyword under which the verb gets the filled-in dataclass.
        options: a dataclass whose fields are annotated for Typer.
        names: the fields to offer, of those that have a default; all of them by default.
    """
    offered = [field for field in fields(options) if names is None or field.name in names]

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        shared = [
            inspect.Parameter(
                field.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=field.default,
                annotation=field.type,
            )
            for field in offered
        ]

        @functools.wraps(function)
        def run(**values: Any) -> None:
            own = {field.name: values.pop(field.name) for field in offered}
            function(**values, **{argument: options(**own)})

        signature = inspect.signature(function)
        parameters = [p for p in signature.parameters.values() if p.name != argument]
        before = [p for p in parameters if p.name != "common"]
        after = [p for p in parameters if p.name == "common"]
        together = [*before, *shared, *after]
        run.__signature__ = signature.replace(parameters=together)  # type: ignore[attr-defined]
        run.__annotations__ = {p.name: p.annotation for p in together} | {"return": None}
        return run

    return decorate
