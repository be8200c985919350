"""Keep what config.json says about the number and the kinds of layers in step with the file."""

from collections.abc import Mapping, Sequence
from typing import Any

from paramctl.edit.config import change_config, config_now, section_of
from paramctl.edit.draft import Draft
from paramctl.edit.stage_config import stage_changes
from paramctl.errors import UsageError

_COUNTS = ("num_hidden_layers", "n_layer", "num_layers", "n_layers", "depth")
_ENCODER = ("encoder_layers", "num_encoder_layers")
_DECODER = ("decoder_layers", "num_decoder_layers")
_INDICES = ("mlp_only_layers", "moe_layers", "cross_attention_layers", "attn_layer_indices")


def keep_counts_true(draft: Draft, path: str, before: Sequence[int], order: Sequence[int]) -> None:
    """Set the number of layers under the family's key; lists with one item per layer follow.

    Args:
        path: the container whose layers changed.
        before: the numbers it had.
        order: which of them it has now.

    Raises:
        UsageError: a kind of layers that config.json can only give to the first ones would be
            elsewhere.
    """
    if draft.source.config is None or list(order) == list(before):
        return
    outer = config_now(draft)
    section = section_of(outer, path)
    config = outer[section] if section else outer
    if section is None and not _keys(config, path) and isinstance(outer.get("text_config"), dict):
        section, config = "text_config", outer["text_config"]
    changes: dict[str, Any] = stage_changes(config, path, before, order)
    if changes:
        change_config(draft, section, changes)
        return
    changes = dict.fromkeys(_keys(config, path), len(order))
    if not changes:
        draft.notes.append(f"config.json has no known key for the number of layers: {len(order)}")
    changes.update(_twin(config, path, len(before)))
    if list(before) == list(range(len(before))):
        changes.update(_lists(config, order, len(before)))
        changes.update(_leading(config, order))
    change_config(draft, section, changes)


def _keys(config: Mapping[str, Any], path: str) -> list[str]:
    """The keys that count the layers of a container."""
    segments = path.split(".")
    own = _DECODER if "decoder" in segments else _ENCODER if "encoder" in segments else ()
    found = [key for key in own if isinstance(config.get(key), int)]
    if found and own is _ENCODER:  # BART's num_hidden_layers repeats encoder_layers
        found += [key for key in _COUNTS[:1] if config.get(key) == config[found[0]]]
    if found:
        return found
    if "decoder" in segments and "num_decoder_layers" in config:
        return ["num_decoder_layers"]  # null means as many as the encoder has
    return [key for key in _COUNTS if isinstance(config.get(key), int)][:1]


def _twin(config: Mapping[str, Any], path: str, before: int) -> dict[str, Any]:
    """T5's decoder takes the encoder's number where it has none: say the old one."""
    is_t5 = "num_layers" in config and config.get("num_decoder_layers", 0) is None
    return {"num_decoder_layers": before} if is_t5 and "encoder" in path.split(".") else {}


def _lists(config: Mapping[str, Any], order: Sequence[int], before: int) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    for key, value in config.items():
        if not isinstance(value, list):
            continue
        if key in _INDICES:
            changes[key] = [place for place, number in enumerate(order) if number in value]
        elif len(value) == before and "layer" in key:
            changes[key] = [value[number] for number in order]
    if "attention_layers" in changes and "attention_types" in config:  # GPT-Neo says it twice
        changes["attention_types"] = [[changes["attention_layers"], 1]]
    return changes


def _leading(config: Mapping[str, Any], order: Sequence[int]) -> dict[str, Any]:
    """How many layers in front are dense, where the others have experts."""
    key = "first_k_dense_replace"
    count = config.get(key)
    if not isinstance(count, int):
        return {}
    dense = [number < count for number in order]
    if sorted(dense, reverse=True) != dense:
        raise UsageError(
            f"layers below {count} have no experts ({key}); config.json can say so of the first "
            "layers only",
            hint="list them first",
        )
    return {key: sum(dense)}
