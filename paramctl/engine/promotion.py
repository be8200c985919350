"""Which dtype two operands meet in: bool < integers < floats < complex, the wider of a kind.

Python numbers take the tensor's side unless their kind is higher, as NumPy has it.
Source: NEP 50, "Promotion rules for Python scalars".
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from paramctl.engine.unknown import Unknown

_ORDER = ("bool", "uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64",
          "float16", "float32", "float64", "complex64", "complex128")  # fmt: skip
_RANK = {name: place for place, name in enumerate(_ORDER)}
_FIRST_FLOAT = _RANK["float16"]
_FIRST_COMPLEX = _RANK["complex64"]


def dtype_name(operand: Any) -> str:
    """The plain name of a tensor's or array's dtype, whichever library the array is of."""
    dtype = operand.dtype
    kind: Any = type(dtype)
    return dtype if kind is str else _plain_name(kind, dtype)


@lru_cache(maxsize=256)  # by type first: dtypes of different libraries don't like to be compared
def _plain_name(_kind: type, dtype: Any) -> str:
    return str(dtype).rpartition(".")[2]


def is_float(dtype: str) -> bool:
    """Whether values are real floating-point numbers."""
    return dtype.startswith(("float", "bfloat"))


def is_complex(dtype: str) -> bool:
    """Whether values are complex numbers."""
    return dtype.startswith("complex")


def is_integer(dtype: str) -> bool:
    """Whether values are whole numbers; bool is not counted."""
    return dtype.startswith(("int", "uint"))


def has_gradient(dtype: str) -> bool:
    """Whether a derivative by values of this dtype makes sense."""
    return is_float(dtype) or is_complex(dtype)


def promote(dtypes: Iterable[str]) -> str:
    """The dtype that tensors of these dtypes meet in."""
    names = list(dtypes)
    top = max(names, key=_RANK.__getitem__)
    if is_complex(top) and "float64" in names:
        return "complex128"
    if is_integer(top) and len({name for name in names if is_integer(name)}) > 1:
        return _meet(names)
    return top


def _meet(names: list[str]) -> str:
    """Integers of several widths and signs: the narrowest signed one that holds all."""
    whole = [name for name in names if is_integer(name)]
    signed = any(name.startswith("int") for name in whole)
    widest = max(int(name.lstrip("uint")) for name in whole)
    if not signed:
        return f"uint{widest}"
    unsigned = max((int(name[4:]) for name in whole if name.startswith("uint")), default=0)
    width = max(widest, 2 * unsigned)
    return f"int{width}" if width <= 64 else "float64"


def promote_number(dtype: str, number: object, default: str) -> str:
    """The dtype of a tensor combined with a Python number.

    Args:
        default: the float dtype that integers become beside a float.
    """
    if isinstance(number, bool):
        return dtype
    if isinstance(number, int | Unknown):
        return "int64" if dtype == "bool" else dtype
    if isinstance(number, complex):
        return dtype if is_complex(dtype) else _complex_of(dtype)
    return dtype if has_gradient(dtype) else default


def _complex_of(dtype: str) -> str:
    return "complex128" if dtype == "float64" else "complex64"


def complex_of(dtype: str) -> str:
    """The complex dtype whose parts are of this float dtype."""
    return dtype if is_complex(dtype) else _complex_of(dtype)


def real_of(dtype: str) -> str:
    """The float dtype of the parts of a complex one; other dtypes as they are."""
    return {"complex64": "float32", "complex128": "float64"}.get(dtype, dtype)
