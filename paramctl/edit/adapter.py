"""PEFT's LoRA adapters: what ``adapter_config.json`` says, and which tensors make up what.

``adapter_model.safetensors`` names a module ``base_model.model.MODULE`` and holds ``A (r, in)``
and ``B (out, r)``; its weight becomes ``W + scale * B @ A``, transposed where the layer stores
``(in, out)``. Other tensors replace those of the base.

Source: Hu et al. 2021, arXiv:2106.09685, sec. 4.1; Kalajdzievski 2023, arXiv:2312.03732 (rslora).
"""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from paramctl.errors import CheckpointError, InputError
from paramctl.manifest import Entry
from paramctl.names import show
from paramctl.sources.source import Source

CONFIG = "adapter_config.json"
MODEL = "adapter_model.safetensors"
PREFIX = "base_model.model."
_PART = re.compile(
    r"(?P<module>.+)\.lora_(?P<embedding>embedding_)?(?P<side>[AB])(?:\.default)?(?:\.weight)?",
    re.S,
)
_CONV1D_FAMILIES = ("gpt2", "openai-gpt", "imagegpt")
_CONV1D = {"c_attn", "c_proj", "c_fc", "q_attn"}


@dataclass(frozen=True)
class Pair:
    """The two factors of one module.

    Attributes:
        module: its name in the base.
        a, b: the entries of the adapter.
        scale: of their product.
        is_embedding: whether the product is the transpose of an embedding's change.
    """

    module: str
    a: Entry
    b: Entry
    scale: float
    is_embedding: bool


@dataclass(frozen=True)
class Adapter:
    """An adapter as a whole.

    Attributes:
        source: its tensors.
        pairs: per module.
        whole: names of the base to the tensors that replace them.
        is_transposed: whether its layers store ``(in, out)``.
    """

    source: Source
    pairs: tuple[Pair, ...]
    whole: Mapping[str, Entry]
    is_transposed: bool


def read_adapter(source: Source) -> Adapter:
    """The adapter that a folder holds.

    Raises:
        InputError: no config, another kind of adapter, or a factor without the other.
    """
    config = _config(source)
    kind = config.get("peft_type", "LORA")
    if kind != "LORA" or config.get("use_dora"):
        name = "DoRA" if kind == "LORA" else str(kind)
        raise InputError(f"the adapter is {show(name)}, wanted LoRA", where=source.where)
    sides: dict[tuple[str, bool], dict[str, Entry]] = {}
    whole: dict[str, Entry] = {}
    for entry in source.manifest:
        name = entry.name.removeprefix(PREFIX)
        match = _PART.fullmatch(name)
        if match:
            key = match["module"], match["embedding"] is not None
            sides.setdefault(key, {})[match["side"]] = entry
        elif ".lora_" in name:
            raise InputError(
                "no LoRA holds such a tensor", where=f"{source.where}: {show(entry.name)}"
            )
        else:
            whole[name.replace(".modules_to_save", "").replace(".base_layer", "")] = entry
    pairs = tuple(
        _pair(source, config, module, found, is_embedding)
        for (module, is_embedding), found in sides.items()
    )
    return Adapter(source, pairs, whole, config.get("fan_in_fan_out") is True)


def is_transposed(module: str, config: Mapping[str, Any] | None) -> bool:
    """Whether a family stores a module's weight as ``(in, out)``, as GPT-2's Conv1D does."""
    family = (config or {}).get("model_type")
    return family in _CONV1D_FAMILIES and module.rpartition(".")[2] in _CONV1D


def encode_config(ranks: Mapping[str, int], rank: int, *, transposed: bool) -> bytes:
    """An ``adapter_config.json`` with a scale of 1 for every module.

    Args:
        ranks: of each module.
        rank: of those that are large enough.
    """
    others = {module: found for module, found in ranks.items() if found != rank}
    config = {
        "alpha_pattern": others,
        "base_model_name_or_path": None,
        "bias": "none",
        "fan_in_fan_out": transposed,
        "inference_mode": True,
        "lora_alpha": rank,
        "lora_dropout": 0.0,
        "modules_to_save": None,
        "peft_type": "LORA",
        "r": rank,
        "rank_pattern": others,
        "target_modules": sorted(ranks),
        "task_type": None,
        "use_rslora": False,
    }
    return (json.dumps(config, indent=2, ensure_ascii=False) + "\n").encode()


def _config(source: Source) -> dict[str, Any]:
    from paramctl.formats.strict_json import parse_object

    where = f"{source.where}: {CONFIG}"
    try:
        data = (source.folder / CONFIG).read_bytes() if source.folder else b""
    except OSError as error:
        problem = (error.strerror or str(error)).lower()
        raise CheckpointError(f"can't be read: {problem}", where=where) from None
    return parse_object(data, where=where, what="adapter's config")


def _pair(
    source: Source,
    config: Mapping[str, Any],
    module: str,
    found: Mapping[str, Entry],
    is_embedding: bool,
) -> Pair:
    where = f"{source.where}: {show(module)}"
    if len(found) != 2:
        raise InputError(f"it has lora_{next(iter(found))} alone", where=where)
    a, b = found["A"], found["B"]
    if len(a.shape) != 2 or len(b.shape) != 2 or a.shape[0] != b.shape[1] or not a.shape[0]:
        raise InputError(
            f"A {list(a.shape)} and B {list(b.shape)} are no (r, in) and (out, r)", where=where
        )
    alpha = _alpha(config, module, where)
    scale = alpha / (math.sqrt(a.shape[0]) if config.get("use_rslora") else a.shape[0])
    return Pair(module, a, b, scale, is_embedding)


def _alpha(config: Mapping[str, Any], module: str, where: str) -> float:
    pattern = config.get("alpha_pattern") or {}
    alpha = config.get("lora_alpha", 8)
    for key, value in pattern.items() if isinstance(pattern, dict) else ():
        if module == key or module.endswith(f".{key}"):
            alpha = value
    if isinstance(alpha, bool) or not isinstance(alpha, int | float) or not math.isfinite(alpha):
        raise InputError(f"lora_alpha is {alpha!r}, wanted a number", where=where)
    return float(alpha)
