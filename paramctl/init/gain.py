"""The gain that keeps the variance through a nonlinearity."""

import math
from typing import Literal

from paramctl.errors import UsageError

Nonlinearity = Literal[
    "linear", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d",
    "conv_transpose3d", "sigmoid", "tanh", "relu", "leaky_relu", "selu",
]  # fmt: skip


def calculate_gain(nonlinearity: str, negative_slope: float = 0.01) -> float:
    """The factor on the standard deviation, dimensionless.

    linear, convolutions and sigmoid 1, tanh 5/3, relu √2, leaky_relu √(2 / (1 + slope²)),
    selu 3/4. For self-normalizing networks take ``linear``, not ``selu``.

    Raises:
        UsageError: no gain is known for that nonlinearity (gelu and silu have none).
    Source: torch.nn.init.calculate_gain; He et al. 2015, arXiv:1502.01852, eq. 15.
    """
    if nonlinearity in ("linear", "sigmoid") or nonlinearity.startswith("conv"):
        return 1.0
    table = {
        "tanh": 5.0 / 3,
        "relu": math.sqrt(2.0),
        "leaky_relu": math.sqrt(2.0 / (1 + negative_slope**2)),
        "selu": 3.0 / 4,
    }
    if nonlinearity not in table:
        known = ", ".join(["linear", "sigmoid", *table])
        raise UsageError(
            f"no gain is known for the nonlinearity '{nonlinearity}'", hint=f"known are {known}"
        )
    return table[nonlinearity]
