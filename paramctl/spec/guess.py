"""Which built-in layer has tensors with these names and shapes."""

from __future__ import annotations

import re
from collections.abc import Mapping

from paramctl.manifest import Entry, guess_kind

_EMBEDDING = re.compile(r"emb|wte|wpe|shared|token|position", re.I)
_BATCH_NORM = {"weight", "bias", "running_mean", "running_var", "num_batches_tracked"}
_GATES = {1: "RNN", 3: "GRU", 4: "LSTM"}


def guess_layer(name: str, tensors: Mapping[str, Entry]) -> str | None:
    """The layer as an expression, ``Linear(20, 10)``; ``None`` where no built-in one fits.

    Args:
        name: of the module, which tells an embedding from a linear layer.
        tensors: those that it owns itself.
    """
    if any(None in entry.shape or 0 in entry.shape for entry in tensors.values()):
        return None
    shapes = {each: tuple(size or 0 for size in entry.shape) for each, entry in tensors.items()}
    if shapes.keys() == _BATCH_NORM:
        return _batch_norm(shapes)
    if any(guess_kind(each, entry.dtype) != "parameter" for each, entry in tensors.items()):
        return None
    if "weight_ih_l0" in shapes:
        return _recurrent(shapes)
    return _weighted(name, shapes)


def _batch_norm(shapes: Mapping[str, tuple[int, ...]]) -> str | None:
    """Images are what it mostly norms; the tensors don't tell."""
    count = shapes["num_batches_tracked"]
    alike = {shape for name, shape in shapes.items() if name != "num_batches_tracked"}
    [shape, *others] = alike
    return None if others or count or len(shape) != 1 else f"BatchNorm2d({shape[0]})"


def _recurrent(shapes: Mapping[str, tuple[int, ...]]) -> str | None:
    match shapes["weight_ih_l0"], shapes.get("weight_hh_l0"):
        case (int(height), int(width)), (_, int(hidden)):
            pass
        case _:
            return None
    ways = ("", "_reverse") if "weight_ih_l0_reverse" in shapes else ("",)
    has_bias = "bias_ih_l0" in shapes
    layers = len(shapes) // (len(ways) * (4 if has_bias else 2))
    expected: dict[str, tuple[int, ...]] = {}
    for end in (f"l{layer}{way}" for layer in range(layers) for way in ways):
        into = width if end.startswith("l0") else len(ways) * hidden
        expected |= {f"weight_ih_{end}": (height, into), f"weight_hh_{end}": (height, hidden)}
        if has_bias:
            expected |= {f"bias_ih_{end}": (height,), f"bias_hh_{end}": (height,)}
    kind = _GATES.get(height // hidden)
    if kind is None or height % hidden or expected != shapes:
        return None
    options = [f"num_layers={layers}"] * (layers > 1) + ["bias=False"] * (not has_bias)
    options += ["bidirectional=True"] * (len(ways) > 1)
    return f"{kind}({', '.join([str(width), str(hidden), *options])})"


def _weighted(name: str, shapes: Mapping[str, tuple[int, ...]]) -> str | None:
    weight, bias = shapes.get("weight"), shapes.get("bias")
    if weight is None or shapes.keys() - {"weight", "bias"}:
        return None
    last = "" if bias else ", bias=False"
    match weight:
        case (n,) if bias in (None, (n,)):
            return f"LayerNorm({n})" if bias else f"RMSNorm({n})"
        case (rows, width) if bias is None and _EMBEDDING.search(name):
            return f"Embedding({rows}, {width})"
        case (out, into) if bias in (None, (out,)):
            return f"Linear({into}, {out}{last})"
        case (into, out) if bias == (out,):
            return f"Conv1D({out}, {into})"
        case (out, into, *kernel) if len(kernel) in (1, 2, 3) and bias in (None, (out,)):
            window = f"({', '.join(map(str, kernel))},)" if len(kernel) == 1 else tuple(kernel)
            return f"Conv{len(kernel)}d({into}, {out}, {window}{last})"
    return None
