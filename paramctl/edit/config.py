"""What config.json says as the steps so far leave it, and how an edit changes it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from paramctl.edit.draft import Draft

_KINDS = {"language": "text", "visual": "vision"}  # segments of names that mean another section


def config_now(draft: "Draft") -> dict[str, Any]:
    """The configuration with every change that the draft has noted; empty where there is none."""
    config = {**(draft.source.config or {}), **draft.config}
    return {
        key: value for key, value in config.items() if value is not None or key not in draft.config
    }


def section_of(config: Mapping[str, Any], path: str) -> str | None:
    """The key of the nested configuration that speaks of a module, such as ``text_config``.

    Returns:
        ``None`` where the outer configuration does.
    """
    nested = {
        key.removesuffix("_config"): key
        for key, value in config.items()
        if isinstance(value, dict) and key.endswith("_config")
    }
    for segment in path.split("."):
        first = segment.partition("_")[0]
        stem = _KINDS.get(first, first)
        if stem in nested:
            return nested[stem]
    return None


def change_config(draft: "Draft", section: str | None, changes: Mapping[str, Any]) -> None:
    """Note new values of keys, or ``None`` to remove one; nothing without a config.json."""
    if draft.source.config is None:
        return
    if section is None:
        draft.config.update(changes)
        return
    inner = {**config_now(draft).get(section, {}), **changes}
    draft.config[section] = {
        key: value for key, value in inner.items() if changes.get(key, 0) is not None
    }
