"""What a plan comes to, in a few words for the line after writing."""

import json
from collections.abc import Iterator
from typing import Any

from paramctl.edit.layout import index_name, merged_metadata, one_file, shards
from paramctl.edit.meta import Meta
from paramctl.edit.plan import Plan
from paramctl.names import show

_SHOWN = 20  # files
_LONG = 60  # characters of a value of config.json


def summary(plan: Plan) -> str:
    """Such as ``2 changes``, ``3 shards`` or ``metadata author``; all of it where several hold."""
    parts = [_counted(len(plan.changes), "change")] if plan.changes else []
    if plan.draft.is_relaid:
        parts.append(_files(plan))
    keys = [key for step in plan.steps if isinstance(step.edit, Meta) for key in step.edit.keys]
    if keys:
        parts.append(f"metadata {', '.join(map(show, dict.fromkeys(keys)))}")
    return ", ".join(parts) or _counted(0, "change")


def effects(plan: Plan) -> Iterator[str]:
    """What else a plan changes, beside the tensors: config.json, metadata, files; a line each."""
    draft = plan.draft
    before = draft.source.config or {}
    for key, value in draft.config.items() if draft.source.config is not None else ():
        if before.get(key) != value:
            yield f"config.json: {show(key)}: {_brief(before, key)} -> {_brief(draft.config, key)}"
    if draft.metadata and draft.source.headers:
        yield from _strings(draft.source.manifest.metadata, merged_metadata(draft))
    if draft.is_relaid:
        images = shards(draft) if draft.is_sharded else [one_file(draft)]
        for image in images[:_SHOWN]:
            tensors = _counted(len(image.entries), "tensor")
            yield f"{image.name}: {tensors}, {image.nbytes:,} bytes"
        if len(images) > _SHOWN:
            yield f"and {len(images) - _SHOWN} more files"
        if draft.is_sharded:
            yield index_name(draft)


def _strings(before: dict[str, str], after: dict[str, str]) -> Iterator[str]:
    """Other strings of the metadata, those that declare ties left out."""
    for key in dict.fromkeys([*before, *after]):
        if before.get(key) != after.get(key):
            sides = (_brief(side, key) for side in (before, after))
            yield f"metadata: {show(key)}: {' -> '.join(sides)}"


def _brief(values: dict[str, Any], key: str) -> str:
    if values.get(key) is None:
        return "nothing"
    value = values[key]
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return show(text if len(text) <= _LONG else f"{text[:_LONG]}…")


def _files(plan: Plan) -> str:
    return _counted(len(plan.draft.names), "shard") if plan.draft.is_sharded else "one file"


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
