"""The JSON Schema of recipes, for editors; made from the builders of the steps."""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

from paramctl.edit.plan import Step
from paramctl.edit.recipe import EXPECT, words
from paramctl.edit.steps import STEPS, Texts
from paramctl.sources.source import Source

_TEXT: dict[str, Any] = {"type": ["string", "number", "boolean"]}  # taken as it is written
_KINDS: dict[Any, dict[str, Any]] = {
    Texts: {"anyOf": [_TEXT, {"type": "array", "items": _TEXT}]},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    int | None: {"type": "integer"},
    float: {"type": "number"},
    Path | None: {"type": "string", "description": "A file; its path begins at the recipe."},
    Source: {"type": "string", "description": "A checkpoint; its path begins at the recipe."},
}


def recipe_schema() -> dict[str, Any]:
    """The schema as JSON has it; names may also be written with ``_`` for ``-``."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "A recipe of paramctl",
        "type": "object",
        "required": ["steps"],
        "additionalProperties": False,
        "properties": {
            "steps": {
                "description": "Edits, planned together and done in one pass.",
                "type": "array",
                "minItems": 1,
                "items": {"oneOf": [_step(name, builder) for name, builder in STEPS.items()]},
            }
        },
    }


def _step(name: str, builder: Callable[..., Step]) -> dict[str, Any]:
    count = {"type": "integer", "description": "How many entries the step must match."}
    about = (inspect.getdoc(builder) or "").splitlines()[0]
    return {
        "type": "object",
        "required": [name],
        "additionalProperties": False,
        "properties": {name: {"description": about, **_options(builder)}, EXPECT: count},
    }


def _options(builder: Callable[..., Step]) -> dict[str, Any]:
    known = words(builder)
    kinds = {name: _KINDS.get(word.annotation, _TEXT) for name, word in known.items()}
    needed = [name for name, word in known.items() if word.default is word.empty]
    spelled = {name.replace("-", "_"): kind for name, kind in kinds.items() if "-" in name}
    return {
        "type": "object" if needed else ["object", "null"],
        "required": needed,
        "additionalProperties": False,
        "properties": kinds,
        "patternProperties": {f"^{name}$": kind for name, kind in spelled.items()},
    }
