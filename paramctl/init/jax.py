"""The scaled initializers of jax and flax: as keras', under more names."""

from dataclasses import dataclass

from paramctl.init import keras
from paramctl.init.base import INITIALIZERS


@INITIALIZERS.register("jax.glorot_uniform", "jax.xavier_uniform")
@dataclass(frozen=True)
class JaxGlorotUniform(keras.KerasGlorotUniform):
    """Uniform draws with the same variance forward and backward.

        w ~ U[-b, b), b = √(6 / (fan_in + fan_out))

    Source: jax.nn.initializers.glorot_uniform.
    """


@INITIALIZERS.register("jax.glorot_normal", "jax.xavier_normal")
@dataclass(frozen=True)
class JaxGlorotNormal(keras.KerasGlorotNormal):
    """Truncated normal draws, corrected, with the same variance forward and backward.

        w ~ N(0, s / 0.8796) given |w| <= 2·s / 0.8796, s = √(2 / (fan_in + fan_out))

    Source: jax.nn.initializers.glorot_normal.
    """


@INITIALIZERS.register("jax.he_uniform", "jax.kaiming_uniform")
@dataclass(frozen=True)
class JaxHeUniform(keras.KerasHeUniform):
    """Uniform draws that keep the variance through a ReLU.

        w ~ U[-b, b), b = √(6 / fan_in)

    Source: jax.nn.initializers.he_uniform.
    """


@INITIALIZERS.register("jax.he_normal", "jax.kaiming_normal")
@dataclass(frozen=True)
class JaxHeNormal(keras.KerasHeNormal):
    """Truncated normal draws, corrected, that keep the variance through a ReLU.

        w ~ N(0, s / 0.8796) given |w| <= 2·s / 0.8796, s = √(2 / fan_in)

    Source: jax.nn.initializers.he_normal.
    """


@INITIALIZERS.register("jax.lecun_uniform")
@dataclass(frozen=True)
class JaxLecunUniform(keras.KerasLecunUniform):
    """Uniform draws that keep the variance of a linear layer.

        w ~ U[-b, b), b = √(3 / fan_in)

    Source: jax.nn.initializers.lecun_uniform.
    """


@INITIALIZERS.register("jax.lecun_normal")
@dataclass(frozen=True)
class JaxLecunNormal(keras.KerasLecunNormal):
    """Truncated normal draws, corrected, that keep the variance of a linear layer.

        w ~ N(0, s / 0.8796) given |w| <= 2·s / 0.8796, s = √(1 / fan_in)

    Source: jax.nn.initializers.lecun_normal.
    """
