"""PEFT's LoRA adapters: what ``adapter_config.json`` says, and which tensors make up what.

``adapter_model.safetensors`` names a module ``base_model.model.MODULE`` and holds ``A (r, in)``
and ``B (out, r)``; its weight becomes ``V = W + scale * B @ A``, transposed where the layer stores
``(in, out)``. With DoRA it becomes ``m * V / |V|``, output by output. A convolution's ``A`` has the
shape of its kernel, its ``B`` a kernel of 1. Other tensors replace those of the base.

Source: Hu et al. 2021, arXiv:2106.09685, sec. 4.1; Kalajdzievski 2023, arXiv:2312.03732 (rslora);
Liu et al. 2024, arXiv:2402.09353, eq. 5 (DoRA).
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
from paramctl.sources.config import LARGEST
from paramctl.sources.source import Source

CONFIG = "adapter_config.json"
MODEL = "adapter_model.safetensors"
PREFIX = "base_model.model."
_PART = re.compile(
    r"(?P<module>.+)\.lora_(?P<embedding>embedding_)?(?P<side>A|B|magnitude_vector)(?:\.default)?"
    r"(?:\.weight|(?P<bias>\.bias))?",
    re.S,
)
_VARIANTS = (  # each computes something else with its factors
    "use_qalora", "use_bdlora", "alora_invocation_tokens", "arrow_config", "kasa_config",
    "layer_replication", "monteclora_config", "target_parameters", "trainable_token_indices",
    "velora_config",
)  # fmt: skip
_NEW_BASES = ("pissa", "olora", "corda", "loftq", "lora_ga")  # such a start changes the base too
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
        magnitude: the lengths of DoRA, one per output.
        bias: what is added to the module's bias, times the scale.
    """

    module: str
    a: Entry
    b: Entry
    scale: float
    is_embedding: bool
    magnitude: Entry | None = None
    bias: Entry | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the change, outputs first."""
        return tuple(size or 0 for size in (*self.b.shape[:1], *self.a.shape[1:]))


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
    _refuse_variants(config, source.where)
    sides: dict[str, dict[str, Entry]] = {}
    embeddings: set[str] = set()
    whole: dict[str, Entry] = {}
    for entry in source.manifest:
        name = entry.name.removeprefix(PREFIX)
        match = _PART.fullmatch(name)
        if match:
            side = "bias" if match["bias"] else match["side"]
            sides.setdefault(match["module"], {})[side] = entry
            if match["embedding"]:
                embeddings.add(match["module"])
        elif ".lora_" in name:
            raise InputError(
                "no LoRA holds such a tensor", where=f"{source.where}: {show(entry.name)}"
            )
        else:
            whole[name.replace(".modules_to_save", "").replace(".base_layer", "")] = entry
    pairs = tuple(
        _pair(source, config, module, found, module in embeddings)
        for module, found in sides.items()
    )
    return Adapter(source, pairs, whole, config.get("fan_in_fan_out") is True)


def _refuse_variants(config: Mapping[str, Any], where: str) -> None:
    """Refuse adapters that are more than LoRA and DoRA.

    Raises:
        InputError: merging it like one would give another model.
    """
    kind = config.get("peft_type", "LORA")
    if kind != "LORA":
        raise InputError(f"the adapter is {show(str(kind))}, wanted LoRA", where=where)
    for key in _VARIANTS:
        if config.get(key):
            raise InputError(f"the adapter uses {key}, which can't be merged", where=where)
    start = config.get("init_lora_weights")
    if isinstance(start, str) and start.lower().startswith(_NEW_BASES):
        raise InputError(
            f"the adapter began with {show(start)}, which changes its base too",
            where=where,
            hint="save it from PEFT with path_initial_model_for_weight_conversion",
        )


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
        data = source.place.read_whole(CONFIG, LARGEST)
    except CheckpointError as error:
        raise CheckpointError(f"can't be read: {error.problem}", where=where) from None
    return parse_object(data, where=where, what="adapter's config")


def _pair(
    source: Source,
    config: Mapping[str, Any],
    module: str,
    found: Mapping[str, Entry],
    is_embedding: bool,
) -> Pair:
    where = f"{source.where}: {show(module)}"
    if "A" not in found or "B" not in found:
        raise InputError(f"it has lora_{next(iter(found))} alone", where=where)
    a, b = found["A"], found["B"]
    outer, inner = b.shape[2:], a.shape[:1]
    if len(a.shape) < 2 or b.shape[1:2] != inner or not inner[0] or set(outer) - {1}:
        raise InputError(
            f"A {list(a.shape)} and B {list(b.shape)} are no (r, in) and (out, r)", where=where
        )
    magnitude = found.get("magnitude_vector")
    if (magnitude is not None) != bool(config.get("use_dora")):
        said = "none" if magnitude is None else "one"
        raise InputError(
            f"use_dora is {json.dumps(bool(config.get('use_dora')))}, it has {said} "
            "lora_magnitude_vector",
            where=where,
        )
    alpha = _alpha(config, module, where)
    scale = alpha / (math.sqrt(inner[0]) if config.get("use_rslora") else inner[0])
    return Pair(module, a, b, scale, is_embedding, magnitude, found.get("bias"))


def _alpha(config: Mapping[str, Any], module: str, where: str) -> float:
    pattern = config.get("alpha_pattern") or {}
    alpha = config.get("lora_alpha", 8)
    for key, value in pattern.items() if isinstance(pattern, dict) else ():
        try:
            is_its = re.fullmatch(rf"(.*\.)?({key})", module, re.S)
        except (re.error, RecursionError, OverflowError):
            raise InputError(f"alpha_pattern has no regex {show(key)}", where=where) from None
        if is_its:
            alpha = value
            break
    if isinstance(alpha, bool) or not isinstance(alpha, int | float) or not math.isfinite(alpha):
        raise InputError(f"lora_alpha is {alpha!r}, wanted a number", where=where)
    return float(alpha)
