"""What a plan comes to, in a few words for the line after writing."""

from paramctl.edit.meta import Meta
from paramctl.edit.plan import Plan
from paramctl.names import show


def summary(plan: Plan) -> str:
    """Such as ``2 changes``, ``3 shards`` or ``metadata author``; all of it where several hold."""
    parts = [_counted(len(plan.changes), "change")] if plan.changes else []
    if plan.draft.is_relaid:
        parts.append(_files(plan))
    keys = [key for step in plan.steps if isinstance(step.edit, Meta) for key in step.edit.keys]
    if keys:
        parts.append(f"metadata {', '.join(map(show, dict.fromkeys(keys)))}")
    return ", ".join(parts) or _counted(0, "change")


def _files(plan: Plan) -> str:
    return _counted(len(plan.draft.names), "shard") if plan.draft.is_sharded else "one file"


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
