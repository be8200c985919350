"""One forward of a decoder beside torch on the CPU, computing alone.

    python benchmarks/engine.py [--quick]

Weights are random. ``streamed`` keeps them in bfloat16 and widens them block by block, as a
checkpoint's are; ``torch`` has them in float32. Times are medians; read the ratios.
"""

import math
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import ml_dtypes
import numpy as np
from measured import Given
from measured import run as run_tables

from paramctl.engine.execution import Execution
from paramctl.engine.parameter import Parameter


@dataclass(frozen=True)
class Size:
    """A decoder: width, inner width, heads, key heads, layers."""

    width: int
    inner: int
    heads: int
    kv: int
    layers: int


SIZES = {"small": Size(768, 3072, 12, 12, 4), "grouped": Size(1280, 3456, 20, 4, 4)}


def weights(size: Size, seed: int = 0) -> list[dict[str, np.ndarray]]:
    """Random matrices of every layer, (out, in) in float32."""
    rng = np.random.default_rng(seed)
    head = size.width // size.heads
    shapes = {
        "q": (size.width, size.width), "k": (size.kv * head, size.width),
        "v": (size.kv * head, size.width), "o": (size.width, size.width),
        "gate": (size.inner, size.width), "up": (size.inner, size.width),
        "down": (size.width, size.inner),
    }  # fmt: skip
    return [
        {
            name: rng.standard_normal(shape, np.float32) / math.sqrt(shape[1])
            for name, shape in shapes.items()
        }
        for _ in range(size.layers)
    ]


def ours(size: Size, layers: list[dict[str, Any]], dtype: str) -> Callable[[np.ndarray], Any]:
    """The decoder through the engine."""
    held = [
        {name: Parameter(name, w.shape, dtype=dtype, value=w) for name, w in layer.items()}
        for layer in layers
    ]

    def run(x: np.ndarray) -> Any:
        execution = Execution()
        h = execution.constant(x)
        for layer in held:
            h = block(execution, size, layer, h)
        return h.array

    return run


def block(execution: Execution, size: Size, layer: dict[str, Parameter], h: Any) -> Any:
    """Attention and a gated feed-forward, normalized before each."""
    f = execution.function

    def linear(name: str, x: Any) -> Any:
        return f("linear", x, execution.parameter(layer[name]))

    x = f("rms_norm", h)
    q = f("rope", f("heads", linear("q", x), size.heads))
    k = f("rope", f("heads", linear("k", x), size.kv))
    v = f("heads", linear("v", x), size.kv)
    h = h + linear("o", f("merge_heads", f("attention", q, k, v, causal=True)))
    x = f("rms_norm", h)
    return h + linear("down", f("silu", linear("gate", x)) * linear("up", x))


def theirs(size: Size, layers: list[dict[str, np.ndarray]]) -> Callable[[np.ndarray], Any]:
    """The same decoder in torch."""
    import torch
    from torch.nn import functional

    held = [{name: torch.from_numpy(w) for name, w in layer.items()} for layer in layers]
    head = size.width // size.heads

    def rope(x: Any) -> Any:
        speeds = 10000.0 ** (-torch.arange(0, head, 2) / head)
        angles = torch.arange(x.shape[-2])[:, None] * speeds
        cos, sin = angles.cos(), angles.sin()
        a, b = x[..., : head // 2], x[..., head // 2 :]
        return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)

    def cut(x: Any, count: int) -> Any:
        return x.unflatten(-1, (count, head)).transpose(1, 2)

    def run(x: np.ndarray) -> Any:
        h = torch.from_numpy(x)
        for w in held:
            y = functional.rms_norm(h, (size.width,), eps=1e-6)
            q, k = rope(cut(y @ w["q"].T, size.heads)), rope(cut(y @ w["k"].T, size.kv))
            v = cut(y @ w["v"].T, size.kv)
            a = functional.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)
            h = h + a.transpose(1, 2).flatten(-2) @ w["o"].T
            y = functional.rms_norm(h, (size.width,), eps=1e-6)
            h = h + (functional.silu(y @ w["gate"].T) * (y @ w["up"].T)) @ w["down"].T
        return h.numpy()

    def untracked(x: np.ndarray) -> Any:
        with torch.inference_mode():
            return run(x)

    return untracked


def milliseconds(run: Callable[[np.ndarray], Any], x: np.ndarray, rounds: int) -> float:
    """The median time of a run after one that warms up."""
    run(x)
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        run(x)
        times.append(time.perf_counter() - start)
    return 1000 * statistics.median(times)


def engine(given: Given) -> None:
    """Print one line per size and length."""
    print("\nComputing alone\n")
    print("| model | tokens | torch | in memory | streamed | difference |")
    print("|---|---:|---:|---:|---:|---:|", flush=True)
    for name, size in SIZES.items():
        layers = weights(size)
        narrow = [{k: w.astype(ml_dtypes.bfloat16) for k, w in layer.items()} for layer in layers]
        runs = [theirs(size, layers), ours(size, layers, "F32"), ours(size, narrow, "BF16")]
        for tokens in (1, 128) if given.quick else (1, 128, 1024):
            x = np.random.default_rng(1).standard_normal((1, tokens, size.width), np.float32)
            difference = np.abs(runs[0](x) - runs[1](x)).max()
            torch_ms, *own = [milliseconds(run, x, given.rounds) for run in runs]
            ratios = " | ".join(f"{ms / torch_ms:.2f}" for ms in own)
            line = f"| {name} | {tokens} | {torch_ms:.1f} ms | {ratios} | {difference:.0e} |"
            print(line, flush=True)


if __name__ == "__main__":
    run_tables(__doc__, engine)
