"""Options declared as the fields of a dataclass, handed to a verb as one value."""

import functools
import inspect
from collections.abc import Callable
from dataclasses import fields
from typing import Any

Verb = Callable[..., None]


def gathers(name: str, kind: type) -> Callable[[Verb], Verb]:
    """A decorator that gives a verb the fields of ``kind`` as options.

    They arrive together as one ``kind`` in its argument ``name``.
    """
    declared = fields(kind)

    def decorate(function: Verb) -> Verb:
        own = inspect.signature(function)

        @functools.wraps(function)
        def run(**values: Any) -> None:
            made = kind(**{field.name: values.pop(field.name) for field in declared})
            function(**values, **{name: made})

        options = [
            inspect.Parameter(
                field.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=field.default,
                annotation=field.type,
            )
            for field in declared
        ]
        kept = [p for p in own.parameters.values() if p.name != name]
        before = [p for p in kept if p.name != "common"]
        after = [p for p in kept if p.name == "common"]
        run.__signature__ = own.replace(  # type: ignore[attr-defined]
            parameters=[*before, *options, *after]
        )
        return run

    return decorate
