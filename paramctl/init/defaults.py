"""What each framework draws a layer with when nobody says: weights, biases, norms, embeddings."""

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

from paramctl.errors import UsageError
from paramctl.init.base import Initializer
from paramctl.init.constant import Ones, Zeros
from paramctl.init.jax import JaxLecunNormal
from paramctl.init.kaiming import KaimingUniform
from paramctl.init.keras import KerasGlorotUniform
from paramctl.init.lstm_bias import LstmBias
from paramctl.init.normal import Normal
from paramctl.init.orthogonal import KerasOrthogonal
from paramctl.init.scaling import VarianceScaling
from paramctl.init.uniform import KerasRandomUniform, MxnetUniform, Uniform
from paramctl.init.xavier import XavierUniform


class Part(NamedTuple):
    """Which part of which layer a tensor is.

    Attributes:
        layer: ``linear`` (convolutions too), ``transposed`` (convolutions), ``embedding``,
            ``norm`` or ``recurrent``.
        part: ``weight``, ``bias``, or, in a recurrent layer, ``input`` and ``hidden`` for its
            weights and ``input_bias`` and ``hidden_bias``.
        fan_in: inputs of the layer; for a recurrent one its hidden size; for a transposed
            one, whose weight is ``(in, out, *kernel)``, what torch takes for the inputs: the
            second axis times the kernel.
        gates: gates of a recurrent layer: 1, 3 or 4.
        centred: a norm whose weight is an offset from 1.
    """

    layer: str
    part: str
    fan_in: int | None = None
    gates: int = 1
    centred: bool = False


def layer_default(framework: str, part: Part) -> Initializer:
    """The initializer of one framework for one part of a layer.

    Raises:
        UsageError: no such framework, or its default for such a layer is not known.
    Source: torch.nn, mxnet.gluon.nn 1.9.1, keras.layers 3.15, flax.linen 0.12, paddle.nn.
    """
    if part.layer == "norm":
        return Ones() if part.part == "weight" and not part.centred else Zeros()
    if framework not in FRAMEWORKS:
        known = ", ".join(f"{name}.default" for name in FRAMEWORKS)
        raise UsageError(f"no defaults of '{framework}' are known", hint=f"known are {known}")
    chosen = FRAMEWORKS[framework](part)
    if chosen is None:
        raise UsageError(f"the default of {framework} for a {part.layer} {part.part} is not known")
    return chosen


def torch_bound(fan_in: int | None) -> float:
    """``1 / √fan_in``, and 0 without inputs: the bound of torch's Linear, Conv, RNN."""
    return 1 / math.sqrt(fan_in) if fan_in else 0.0


def _torch(part: Part) -> Initializer | None:
    """What torch draws each layer with.

        weights and biases U(±1/√fan_in), recurrent ones U(±1/√hidden); embeddings N(0, 1)

    Norms begin at 1 and 0.

    Source: torch.nn, 2.13.
    """
    bound = torch_bound(part.fan_in)
    if part.layer == "embedding":
        return Normal()
    if part.layer in ("recurrent", "transposed") or part.part == "bias":
        return Uniform(-bound, bound) if part.fan_in is not None else None
    return KaimingUniform(negative_slope=math.sqrt(5))


def _mxnet(part: Part) -> Initializer:
    """What gluon draws each layer with.

        weights U(±0.07), biases 0

    Norms begin at 1 and 0.

    Source: mxnet.gluon.nn, 1.9.1.
    """
    return Zeros() if part.part.endswith("bias") else MxnetUniform()


def _keras(part: Part) -> Initializer:
    """What keras draws each layer with.

        weights glorot_uniform, recurrent ones orthogonal; embeddings U(±0.05); biases 0

    Norms begin at 1 and 0, the bias of an LSTM's forget gate at 1.

    Source: keras.layers, 3.15.
    """
    if part.part == "input_bias" and part.gates == 4:
        return LstmBias()
    if part.part.endswith("bias"):
        return Zeros()
    if part.layer == "embedding":
        return KerasRandomUniform()
    return KerasOrthogonal() if part.part == "hidden" else KerasGlorotUniform()


def _jax(part: Part) -> Initializer | None:
    """What flax draws each layer with.

        weights lecun_normal; embeddings N(0, 1/√width); biases 0

    Norms begin at 1 and 0.

    Source: flax.linen, 0.12.
    """
    if part.part.endswith("bias"):
        return Zeros()
    if part.layer == "embedding":
        return VarianceScaling(1.0, "fan_in", "normal")
    return JaxLecunNormal() if part.layer in ("linear", "transposed") else None


def _paddle(part: Part) -> Initializer | None:
    """What paddle draws a linear layer with.

        weights xavier_uniform, biases 0

    Norms begin at 1 and 0.

    Source: paddle.nn.
    """
    if part.layer not in ("linear", "transposed"):
        return None
    return Zeros() if part.part == "bias" else XavierUniform()


FRAMEWORKS: Mapping[str, Callable[[Part], Initializer | None]] = {
    "torch": _torch,
    "mxnet": _mxnet,
    "keras": _keras,
    "jax": _jax,
    "paddle": _paddle,
}
