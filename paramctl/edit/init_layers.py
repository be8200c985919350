"""What layer a tensor belongs to, where no spec says: from ordinary names and ranks.

A bias has as many elements as its weight has outputs, and so tells which axis is out. Without
one, a 2-D ``weight`` is ``(out, in)`` and one of rank 4 or 5 ``(out, in, *spatial)``, as torch
has it. What is left open stays open, with the reason: three axes (experts, or a convolution
unless the name says so), transposed convolutions, and GPT-2's Conv1D, whose weights are
``(in, out)`` under names that others use for Linear.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from paramctl.init.axes import fans
from paramctl.init.base import Axes, Initializer
from paramctl.init.constant import Ones, Zeros
from paramctl.init.defaults import Part
from paramctl.manifest import Entry, Manifest

_NORM = re.compile(
    r"(?:.*_)?(?:(?:layer|rms|batch|group|instance)?_?norm|ln|bn)(?:_?\w)?\d*\Z", re.I
)
_EMBEDDING = re.compile(r".*embed.*|wte|wpe|emb|shared", re.I)
_CONVOLUTION = re.compile(r".*conv.*", re.I)
_TRANSPOSED = re.compile(r".*(?:deconv|transpose|convt|up_?conv|up_?sample).*", re.I)
_CONV1D = re.compile(r"c_attn|c_proj|c_fc|q_attn")
_BIAS = re.compile(r"(?:.*_)?bias(?:_.*)?")
_WEIGHT = re.compile(r"(?:.*_)?weight(?:_.*)?")
_RECURRENT = re.compile(r"(?P<part>weight|bias)_(?P<side>ih|hh|hr)_l\d+(?:_reverse)?")
_CONV1D_FAMILIES = ("gpt2", "openai-gpt", "imagegpt")
_CENTRED_FAMILIES = ("gemma", "gemma2", "gemma3", "gemma3_text", "recurrent_gemma", "qwen3_next")
_BUFFER_DEFAULTS: dict[str, Initializer] = {
    "running_mean": Zeros(), "running_var": Ones(), "num_batches_tracked": Zeros(),
}  # fmt: skip


class Layer(NamedTuple):
    """What is known of one tensor before it is drawn.

    Attributes:
        kind: ``norm``, ``bias``, ``weight``, ``buffer`` or ``other``.
        axes: its roles; empty where they are not known.
        doubt: why they are not, for the message.
        part: what a framework's default depends on; ``None`` where there is none to know.
        own: the default that the model itself states, and by which rule.
        padding: the row that stays zero.
    """

    kind: str
    axes: Axes = ()
    doubt: str = ""
    part: Part | None = None
    own: Initializer | None = None
    rule: str = ""
    padding: int | None = None


def layer_by_name(entry: Entry, manifest: Manifest, config: Mapping[str, Any] | None) -> Layer:
    """What the names and ranks of a checkpoint say about one of its tensors.

    Args:
        config: the model's ``config.json``; its ``model_type`` tells some families apart.
    """
    path, _, last = entry.name.rpartition(".")
    module = path.rpartition(".")[2]
    if entry.kind != "parameter":
        return Layer("buffer", own=_BUFFER_DEFAULTS.get(last), rule=f"{last} at rest")
    recurrent = _RECURRENT.fullmatch(last)
    if recurrent:
        return _recurrent(recurrent, entry, manifest)
    rank = len(entry.shape)
    if rank <= 1 and _is_norm(path, module, last, manifest):
        side = "bias" if _BIAS.fullmatch(last) or last == "beta" else "weight"
        return Layer("norm", part=Part("norm", side, centred=_is_centred(config)))
    if rank <= 1:
        if not _BIAS.fullmatch(last):
            return Layer("other")
        part = _bias_part(entry, path, manifest, config)
        return Layer("bias", part=part, own=None if part else Zeros(), rule="no weight beside it")
    axes, doubt = _roles_by_bias(entry, manifest) or _roles(entry.shape, module, last, config)
    if _EMBEDDING.fullmatch(module) and rank == 2:
        return Layer("weight", axes, doubt, Part("embedding", "weight"))
    return Layer("weight", axes, doubt, _linear_part(entry, axes, "weight"))


def _roles_by_bias(entry: Entry, manifest: Manifest) -> tuple[Axes, str] | None:
    """The roles of a weight's axes by the bias beside it; ``None`` where it does not tell."""
    path, _, last = entry.name.rpartition(".")
    bias = manifest.get(f"{path}.{last.replace('weight', 'bias')}") if "weight" in last else None
    if bias is None or len(bias.shape) != 1 or not 2 <= len(entry.shape) <= 5:
        return None
    spatial = ("spatial",) * (len(entry.shape) - 2)
    first, second = (size == bias.shape[0] for size in entry.shape[:2])
    if first == second:
        return None if first else ((), f"its bias has {bias.shape[0]} elements, as neither axis")
    return (("out", "in", *spatial) if first else ("in", "out", *spatial)), ""


def _roles(
    shape: Sequence[int | None], module: str, last: str, config: Mapping[str, Any] | None
) -> tuple[Axes, str]:
    """The roles of a weight's axes by its name and rank; or none, and why."""
    rank = len(shape)
    if not _WEIGHT.fullmatch(last):
        return (), f"'{last}' is no ordinary name for a weight"
    if _CONV1D.fullmatch(module) or (rank == 2 and _is_conv1d_family(config, module)):
        if rank == 2 and shape[0] == shape[1]:  # the fans are the same either way
            return ("in", "out"), ""
        return (), "Linear stores (out, in), GPT-2's Conv1D (in, out)"
    if rank > 2 and _TRANSPOSED.fullmatch(module):
        return (), "a transposed convolution stores (in, out), others (out, in)"
    if rank == 3 and not _CONVOLUTION.fullmatch(module):
        return (), "three axes may be experts or a convolution"
    if rank > 5:
        return (), f"{rank} axes belong to no ordinary layer"
    return ("out", "in", *["spatial"] * (rank - 2)), ""


def _is_conv1d_family(config: Mapping[str, Any] | None, module: str) -> bool:
    """Whether the family stores its projections as ``(in, out)``."""
    is_family = (config or {}).get("model_type") in _CONV1D_FAMILIES
    return is_family and not _EMBEDDING.fullmatch(module) and module not in ("lm_head", "score")


def _is_norm(path: str, module: str, last: str, manifest: Manifest) -> bool:
    if f"{path}.running_mean" in manifest or last in ("gamma", "beta"):
        return True
    if _NORM.fullmatch(module):
        return True
    weight = manifest.get(f"{path}.weight")  # an ordinary rank-1 weight scales channels
    return weight is not None and len(weight.shape) == 1 and last in ("weight", "bias")


def _is_centred(config: Mapping[str, Any] | None) -> bool:
    """Whether the family's norms multiply by ``1 + weight``."""
    config = config or {}
    nested = config.get("text_config")
    inner = nested.get("model_type") if isinstance(nested, dict) else None
    return config.get("model_type") in _CENTRED_FAMILIES or inner in _CENTRED_FAMILIES


def _linear_part(entry: Entry, axes: Axes, part: str) -> Part | None:
    if not axes or None in entry.shape:
        return None
    both = fans([size or 0 for size in entry.shape], axes)
    if axes[0] == "in" and len(axes) > 2:
        return Part("transposed", part, both.fan_out)
    return Part("linear", part, both.fan_in)


def _bias_part(
    entry: Entry, path: str, manifest: Manifest, config: Mapping[str, Any] | None
) -> Part | None:
    """The part of a bias: its fan is that of the weight beside it."""
    last = entry.name.rpartition(".")[2]
    names = [last.replace("bias", "weight"), "weight"]
    weight = next(filter(None, (manifest.get(f"{path}.{name}") for name in names)), None)
    if weight is None or len(weight.shape) < 2:
        return None
    found = layer_by_name(weight, manifest, config)
    return _linear_part(weight, found.axes, "bias")


def _recurrent(found: re.Match[str], entry: Entry, manifest: Manifest) -> Layer:
    """RNN, GRU and LSTM of torch: every bound comes from the hidden size."""
    last = entry.name.rpartition(".")[2]
    hidden_name = entry.name.removesuffix(last) + re.sub(r"^\w+?_(ih|hh|hr)", "weight_hh", last)
    hidden_weight = manifest.get(hidden_name)
    part = None
    if hidden_weight is not None and len(hidden_weight.shape) == 2 and entry.shape:
        rows, hidden = (size or 0 for size in hidden_weight.shape)
        side = "input" if found["side"] == "ih" else "hidden"
        name = side if found["part"] == "weight" else f"{side}_bias"
        part = Part("recurrent", name, hidden, rows // hidden if hidden else 1)
    if len(entry.shape) < 2:
        return Layer("bias", part=part)
    return Layer("weight", ("out", "in"), part=part)
