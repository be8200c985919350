"""The 22 element types of the safetensors format, without NumPy until one is asked for.

A dtype goes by the format's name (``BF16``) in files and reports, by NumPy's (``bfloat16``)
in the engine. Sub-byte types (F4, F6) have no array type here: they are listed and copied.

Source: safetensors, README, "Format"; Open Compute Project, 8-bit floating point (2023).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from paramctl.errors import UsageError

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, slots=True)
class DType:
    """One element type.

    Attributes:
        name: the format's name.
        bits: bits per element.
        family: ``bool``, ``int``, ``uint``, ``float`` or ``complex``.
        array: name of the NumPy or ml_dtypes scalar type, empty when there is none.
    """

    name: str
    bits: int
    family: str
    array: str = ""

    def numpy(self) -> "np.dtype":
        """The little-endian NumPy dtype.

        Raises:
            UsageError: no array type exists (F4, F6).
        """
        import numpy as np

        if not self.array:
            raise UsageError(f"{self.name} tensors can be listed and copied, not computed on")
        if hasattr(np, self.array):
            return np.dtype(self.array).newbyteorder("<")
        import ml_dtypes

        found: np.dtype = np.dtype(getattr(ml_dtypes, self.array))
        return found

    @property
    def is_floating(self) -> bool:
        """Whether values are real floating-point numbers."""
        return self.family == "float"


# In the order in which the reference writer sorts tensors, widest alignment first.
_TABLE = [
    DType("U64", 64, "uint", "uint64"),
    DType("I64", 64, "int", "int64"),
    DType("F64", 64, "float", "float64"),
    DType("C64", 64, "complex", "complex64"),
    DType("F32", 32, "float", "float32"),
    DType("U32", 32, "uint", "uint32"),
    DType("I32", 32, "int", "int32"),
    DType("BF16", 16, "float", "bfloat16"),
    DType("F16", 16, "float", "float16"),
    DType("U16", 16, "uint", "uint16"),
    DType("I16", 16, "int", "int16"),
    DType("F8_E5M2FNUZ", 8, "float", "float8_e5m2fnuz"),
    DType("F8_E4M3FNUZ", 8, "float", "float8_e4m3fnuz"),
    DType("F8_E8M0", 8, "float", "float8_e8m0fnu"),
    DType("F8_E4M3", 8, "float", "float8_e4m3fn"),
    DType("F8_E5M2", 8, "float", "float8_e5m2"),
    DType("I8", 8, "int", "int8"),
    DType("U8", 8, "uint", "uint8"),
    DType("F6_E3M2", 6, "float"),
    DType("F6_E2M3", 6, "float"),
    DType("F4", 4, "float"),
    DType("BOOL", 8, "bool", "bool"),
]

DTYPES: dict[str, DType] = {dtype.name: dtype for dtype in _TABLE}
WRITE_ORDER: dict[str, int] = {dtype.name: place for place, dtype in enumerate(_TABLE)}

_SPELLINGS = {
    **{name.lower(): name for name in DTYPES},
    **{dtype.array: dtype.name for dtype in _TABLE if dtype.array},
    "fp64": "F64", "double": "F64", "fp32": "F32", "float": "F32",
    "fp16": "F16", "half": "F16",
    "float8_e4m3": "F8_E4M3", "fp8": "F8_E4M3", "float8_e8m0": "F8_E8M0",
}  # fmt: skip


def parse_dtype(text: str) -> DType:
    """The dtype of any accepted spelling: ``BF16``, ``bf16``, ``bfloat16``.

    Raises:
        UsageError: no dtype is spelled so; the hint lists the common ones.
    """
    name = text if text in DTYPES else _SPELLINGS.get(text.lower())
    if name is None:
        raise UsageError(f"no dtype named '{text}'", hint=f"dtypes are {', '.join(sorted(DTYPES))}")
    return DTYPES[name]


def dtype_of(array: "np.ndarray") -> DType:
    """The format's dtype of an array.

    Raises:
        UsageError: the format has no such element type.
    """
    spelled = _SPELLINGS.get(array.dtype.name)
    if spelled is None or not DTYPES[spelled].array:
        raise UsageError(f"safetensors has no dtype for {array.dtype.name} arrays")
    return DTYPES[spelled]
