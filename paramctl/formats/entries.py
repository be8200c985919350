"""One tensor's lines in a header: dtype, shape, place; fast when right, precise when wrong."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NoReturn

from paramctl.dtypes import DTYPES
from paramctl.errors import CheckpointError
from paramctl.formats.strict_json import check_ignored, kind_of
from paramctl.manifest import Entry, guess_kind
from paramctl.names import near, show

FIELDS = ("dtype", "shape", "data_offsets")
LARGEST = 2**64 - 1  # the format counts in unsigned 64-bit integers
_new = tuple.__new__  # Entry(...) in a third of the time; 100,000 of them count
_kind = lru_cache(maxsize=1024)(guess_kind)  # the last segment decides, and there are few
_BITS = {name: dtype.bits for name, dtype in DTYPES.items()}


def kind_of_name(name: str, dtype: str) -> str:
    """What a tensor is by its name and dtype; names end alike, so most were asked for before."""
    return _kind(name[name.rfind(".") + 1 :], dtype)


def nbytes_of(dtype: str, sizes: Iterable[Any]) -> int | None:
    """Bytes of a tensor, ``None`` where the format can't hold it.

    Raises:
        KeyError: the format has no such dtype.
    """
    count, bits = 1, _BITS[dtype]
    for size in sizes:
        if type(size) is not int or not 0 <= size <= LARGEST:
            return None
        count *= size
        if count > LARGEST:
            return None
    return None if count * bits > LARGEST or count * bits % 8 else count * bits // 8


def entry_of(name: str, fields: Any, data_start: int, shard: int) -> Entry | None:
    """The entry that the fields describe, ``None`` where anything at all is out of order."""
    try:
        begin, end = fields["data_offsets"]
        dtype, sizes = fields["dtype"], fields["shape"]
        nbytes = nbytes_of(dtype, sizes)
    except (KeyError, TypeError, ValueError):
        return None
    if nbytes is None or len(fields) != 3 or type(sizes) is not list:
        return None
    if type(begin) is not int or type(end) is not int or not 0 <= begin <= end <= LARGEST:
        return None
    if end - begin != nbytes:
        return None
    kind = kind_of_name(name, dtype)
    start, stop = data_start + begin, data_start + end
    return _new(Entry, (name, dtype, tuple(sizes), kind, None, shard, start, stop, None, None))


def check_entry(name: str, fields: Any, where: str) -> list[str]:
    """Find what is out of order; sentences about unknown fields when nothing else is.

    Raises:
        CheckpointError: the first broken rule, with what was found and what was wanted.
    """
    where = f"{where}: {show(name)}"
    if not isinstance(fields, dict):
        _refuse(where, f"the entry is {kind_of(fields)}, wanted an object with {_listed(FIELDS)}")
    missing = [field for field in FIELDS if field not in fields]
    if missing:
        _refuse(where, f"{_listed(missing)} missing from the entry")
    bits = _bits(fields["dtype"], where)
    count = _count(fields["shape"], where)
    begin, end = _offsets(fields["data_offsets"], where)
    described = f"{fields['dtype']} of shape {shape_text(fields['shape'])}"
    if count * bits > LARGEST:
        _refuse(where, f"{described} has more bits than 64-bit integers can count")
    if count * bits % 8:
        _refuse(where, f"{described} is {count * bits} bits, no whole number of bytes")
    if end - begin != count * bits // 8:
        _refuse(
            where,
            f"{described} needs {count * bits // 8} bytes, data_offsets [{begin}, {end}] hold "
            f"{end - begin}",
        )
    others = [field for field in fields if field not in FIELDS]
    for field in others:
        check_ignored(fields[field], where=where, what=f"field '{show(field)}'")
    return [
        f"unknown field '{show(field)}' is ignored and not kept by a rewrite" for field in others
    ]


def shape_text(shape: Any) -> str:
    """A shape as people read it; long ones cut in the middle."""
    sizes = [str(size) for size in shape]
    if len(sizes) > 16:
        sizes = [*sizes[:8], f"… {len(sizes) - 16} more …", *sizes[-8:]]
    return f"[{', '.join(sizes)}]"


def _bits(dtype: Any, where: str) -> int:
    if not isinstance(dtype, str):
        _refuse(where, f"dtype is {kind_of(dtype)}, wanted a string such as 'F32'")
    if dtype not in _BITS:
        similar = near(dtype[:40].upper(), _BITS, count=1)
        _refuse(
            where,
            f"dtype '{show(dtype[:80])}' is none of the format's {len(_BITS)}",
            hint=f"the nearest is {similar[0]}" if similar else "",
        )
    return _BITS[dtype]


def _count(shape: Any, where: str) -> int:
    if not isinstance(shape, list):
        _refuse(where, f"shape is {kind_of(shape)}, wanted an array of sizes")
    count = 1
    for place, size in enumerate(shape):
        _check_integer(size, f"size {place} of the shape", where)
        count *= size
        if count > LARGEST:  # in this order, as the reference reader multiplies
            _refuse(where, f"shape {shape_text(shape)} has more elements than 64 bits can count")
    return count


def _offsets(offsets: Any, where: str) -> tuple[int, int]:
    if not isinstance(offsets, list):
        _refuse(where, f"data_offsets is {kind_of(offsets)}, wanted an array of two positions")
    if len(offsets) != 2:
        _refuse(where, f"data_offsets has length {len(offsets)}, wanted 2: begin and end")
    for which, position in zip(("begin", "end"), offsets, strict=True):
        _check_integer(position, f"the {which} of data_offsets", where)
    begin, end = offsets
    if end < begin:
        _refuse(where, f"data_offsets end before they begin: [{begin}, {end}]")
    return begin, end


def _check_integer(value: Any, what: str, where: str) -> None:
    if type(value) is not int or value < 0:
        _refuse(where, f"{what} is {kind_of(value)}, wanted an integer, 0 or more")
    if value > LARGEST:
        _refuse(where, f"{what} is {kind_of(value)}, more than 64 bits can hold")


def _listed(fields: tuple[str, ...] | list[str]) -> str:
    return ", ".join(fields)


def _refuse(where: str, problem: str, hint: str = "") -> NoReturn:
    raise CheckpointError(problem, where=where, hint=hint)
