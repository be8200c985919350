"""Where a checkpoint comes from, as metadata of its own: steps, inputs, seed, version.

paramctl.recipe   JSON: [{edit: {option: value}, "select": [text]}]
paramctl.inputs   JSON: {name of the file or folder: digest of the model}
paramctl.seed     of the last edit that draws numbers
paramctl.stream   which definition of the random numbers goes with that seed
paramctl.version  of the program
"""

import json
from dataclasses import fields
from typing import Any

from paramctl.compute.traffic import expect
from paramctl.edit.plan import Plan, Step
from paramctl.figures.digest import digests_of, model_digest
from paramctl.sources.source import Source


def record(made: Plan) -> None:
    """Add the metadata to what the plan writes; reads every input once for its digest."""
    from paramctl import __version__
    from paramctl.init.stream import VERSION

    draft = made.draft
    inputs = {_name(source): _digest(source) for source in draft.inputs if source.files}
    draft.annotate("paramctl.recipe", _json([_step(step) for step in made.steps]))
    draft.annotate("paramctl.inputs", _json(inputs))
    seeds = [step.edit.seed for step in made.steps if hasattr(step.edit, "seed")]
    draft.annotate("paramctl.seed", str(seeds[-1]) if seeds else None)
    draft.annotate("paramctl.stream", VERSION if seeds else None)
    draft.annotate("paramctl.version", __version__)


def _name(source: Source) -> str:
    return source.path.name or "."


def _digest(source: Source) -> str:
    stored = source.manifest.stored
    expect("read", sum(entry.nbytes or 0 for entry in stored))
    digests = zip((entry.name for entry in stored), digests_of(source, stored), strict=True)
    return model_digest(dict(digests))


def _step(step: Step) -> dict[str, Any]:
    edit = step.edit
    options = {
        field.name: _plain(getattr(edit, field.name))
        for field in fields(edit)  # type: ignore[arg-type]
        if field.repr and getattr(edit, field.name) != field.default
    }
    found: dict[str, Any] = {type(edit).__name__.lower(): options}
    if step.selections:
        found["select"] = list(step.selections)
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, str | int | float | bool | None):
        return value
    if isinstance(value, Source):
        return _name(value)
    if isinstance(value, tuple | list):
        return [_plain(part) for part in value]
    return getattr(value, "text", None) or str(value)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
