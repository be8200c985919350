"""What config.json says of networks in stages: ResNet, ConvNeXt, Swin and their like."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

_STAGE = re.compile(r"(?:.*\.)?(?:stages|layers)\.(?P<stage>\d+)\.(?:layers|blocks)", re.S)
_STAGES = re.compile(r"(?:.*\.)?(?:stages|layers)", re.S)
_DEPTHS = "depths"
_PER_STAGE = (_DEPTHS, "hidden_sizes", "num_heads", "embed_dims", "patch_sizes", "strides")


def stage_changes(
    config: Mapping[str, Any], path: str, before: Sequence[int], order: Sequence[int]
) -> dict[str, Any]:
    """The keys that follow when layers of a stage, or stages, are others; none of no stages.

    Args:
        path: the container whose children changed.
        before: the numbers it had.
        order: which of them it has now.
    """
    depths = config.get(_DEPTHS)
    if not isinstance(depths, list) or list(before) != list(range(len(before))):
        return {}
    inside = _STAGE.fullmatch(path)
    if inside:
        stage = int(inside["stage"])
        if stage >= len(depths) or depths[stage] != len(before):
            return {}
        return {_DEPTHS: [*depths[:stage], len(order), *depths[stage + 1 :]]}
    if _STAGES.fullmatch(path) and len(depths) == len(before):
        return _stages(config, order)
    return {}


def _stages(config: Mapping[str, Any], order: Sequence[int]) -> dict[str, Any]:
    count = len(config[_DEPTHS])
    changes: dict[str, Any] = {
        key: [config[key][number] for number in order]
        for key in _PER_STAGE
        if isinstance(config.get(key), list) and len(config[key]) == count
    }
    changes |= {key: len(order) for key in ("num_stages", "num_layers") if config.get(key) == count}
    names = config.get("stage_names")
    if isinstance(names, list) and len(names) == count + 1:
        changes["stage_names"] = [names[0], *(f"stage{n + 1}" for n in range(len(order)))]
        last = {"out_features": f"stage{len(order)}", "out_indices": len(order)}
        changes |= {
            key: [value] for key, value in last.items() if isinstance(config.get(key), list)
        }
    return changes
