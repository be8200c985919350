"""Bytes of any element type to float64, block by block; packed 4-bit floats too.

Every value of up to 32 bits is exact in float64; 64-bit integers are rounded once. Complex
values become complex128.
"""

import functools
from typing import Any

import numpy as np

from paramctl.compute.blocks import scratch
from paramctl.dtypes import DTYPES
from paramctl.errors import UsageError

_E2M1 = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, -0.0, -0.5, -1.0, -1.5, -2.0, -3.0, -4.0, -6.0)
_SIX_BITS = ("F6_E2M3", "F6_E3M2")


def is_decodable(dtype: str) -> bool:
    """Whether values of the dtype can be told from its bytes.

    The format does not say in which order 6-bit floats fill their bytes.
    """
    return dtype not in _SIX_BITS


def require_decodable(dtype: str) -> None:
    """Refuse the dtypes whose values can't be told.

    Raises:
        UsageError: the dtype is a 6-bit float.
    """
    if not is_decodable(dtype):
        raise UsageError(
            f"{dtype} values can't be read: the format does not say how 6 bits fill bytes",
            hint="bytes can still be compared, hashed and copied",
        )


def count_of(dtype: str, nbytes: int) -> int:
    """Elements held by so many bytes."""
    return nbytes * 8 // DTYPES[dtype].bits


@functools.cache
def table(dtype: str) -> Any:
    """The float64 value of each of the 256 bytes of an 8-bit type; 16 values for F4.

    Any byte but 0 of a BOOL is 1.
    """
    if dtype == "F4":
        return np.array(_E2M1)
    codes = np.arange(256, dtype=np.uint8)
    if dtype == "BOOL":
        return (codes != 0).astype(np.float64)
    return codes.view(DTYPES[dtype].numpy()).astype(np.float64)


@functools.cache
def _array_type(dtype: str) -> Any:
    return DTYPES[dtype].numpy()


def nibbles(block: Any) -> Any:
    """The 4-bit codes of packed bytes; the low half of a byte comes first.

    Source: PyTorch, ``float4_e2m1fn_x2``; CUDA, ``__nv_fp4x2_e2m1``.
    """
    codes = scratch("nibbles", 2 * len(block), np.uint8)
    np.bitwise_and(block, 15, out=codes[0::2])
    np.right_shift(block, 4, out=codes[1::2])
    return codes


def decode(dtype: str, block: Any, purpose: str = "decoded") -> Any:
    """The values of a block as float64 (C64: complex128), in this thread's buffer for ``purpose``.

    Args:
        block: the bytes, as a flat uint8 array of whole elements.

    Raises:
        UsageError: the dtype's values can't be told from its bytes.
    """
    require_decodable(dtype)
    wide = np.complex128 if dtype == "C64" else np.float64
    out = scratch(purpose, count_of(dtype, block.nbytes), wide)
    if dtype == "F16":
        _decode_half(block.view(np.uint16), out)
    elif DTYPES[dtype].bits <= 8:
        codes = nibbles(block) if dtype == "F4" else block
        np.take(table(dtype), codes, out=out, mode="clip")
    else:
        np.copyto(out, block.view(_array_type(dtype)), casting="unsafe")
    return out


def _decode_half(bits: Any, out: Any) -> None:
    """Half to double by moving bits, thrice as fast as a cast; Inf and NaN need the cast."""
    wide = scratch("half", len(bits), np.int32)
    # Sign-extended, then shifted: the exponent lands in place, with three copies of the sign.
    np.left_shift(bits.view(np.int16), 13, out=wide, dtype=np.int32)
    wide &= np.int32(-0x70000001)
    singles = wide.view(np.float32)
    np.multiply(singles, np.float32(2.0**112), out=singles)
    if len(bits) and max(float(singles.max()), -float(singles.min())) >= 65536:
        np.copyto(out, bits.view(np.float16))
    else:
        np.copyto(out, singles)
