"""Headers as the reference writer spells them, read by columns and proved by spelling them again.

    {"__metadata__": {text: text}, "name":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},…}

Without a backslash in it, a text is cut at its quotes in one go. Names, dtypes and shapes stand
at every tenth place then. What they would be written as is compared with what is there, so that
nothing else, no other field, no hole, no second spelling of a number, can have been overlooked.
"""

import json
import re
from collections.abc import Iterator
from functools import partial
from itertools import accumulate, repeat
from typing import NamedTuple

from paramctl.columns import Alike, Columns
from paramctl.dtypes import DTYPES
from paramctl.formats.entries import LARGEST, kind_of_name, nbytes_of
from paramctl.manifest import Entry
from paramctl.names import is_printable

METADATA = "__metadata__"
_OPENING = f'{{"{METADATA}":'
_BOUNDARY = ']},"'
_AT_ONCE = 1 << 18  # characters; a header cut all at once takes ten times its size
_PARTS = 10  # of a tensor's text between two quotes
_MARKS_OF_BUFFERS = ("running_", "num_batches_tracked", "inv_freq", "_ids")
_SHAPE = re.compile(r":\[(?:(?:0|[1-9][0-9]{0,19})(?:,(?:0|[1-9][0-9]{0,19}))*)?\],")
_new = tuple.__new__  # Entry(...) in a third of the time; 100,000 of them count
_pairs = json.JSONDecoder(object_pairs_hook=list)


class Spelled(NamedTuple):
    """What such a header says.

    Attributes:
        entries: the tensors, which lie end to end.
        stop: where the last of them ends in the file.
    """

    entries: Columns
    metadata: dict[str, str]
    stop: int


class _Form(NamedTuple):
    """What tensors of one dtype and shape have in common; ``text`` follows their names."""

    alike: Alike
    nbytes: int
    text: str


class _Forms(dict[tuple[str, str], _Form]):
    """Forms in one shard by dtype and spelled shape, each made when it is first asked for."""

    def __init__(self, shard: int) -> None:
        super().__init__()
        self._shard = shard

    def __missing__(self, key: tuple[str, str]) -> _Form:
        """A new form.

        Raises:
            KeyError: there are no such tensors.
        """
        form = _form(*key, self._shard)
        if form is None:
            raise KeyError(key)
        self[key] = form
        return form


def spelled_entries(data: bytes, data_start: int, shard: int) -> Spelled | None:
    """What a header says, ``None`` where it is spelled any other way."""
    try:
        text = data.decode("utf-8").rstrip(" ")
    except UnicodeDecodeError:
        return None
    metadata: dict[str, str] | None = {}
    begin = 1
    if text.startswith(_OPENING):
        metadata, begin = _metadata(text)
    if metadata is None or not text.startswith("{") or not text.endswith("]}}"):
        return None
    if text.find("\\", begin) >= 0:
        return None
    found = _Found([], [], [])
    forms, place = _Forms(shard), 0
    for piece in _cut(text, begin):
        spelled, place = _read(piece.split('"'), place, forms, found)
        if spelled != piece:
            return None
    known = set(found.names)
    if len(known) < len(found.names) or METADATA in known:
        return None
    entries = Columns(found.names, found.alike, partial(_rows, found, data_start))
    return Spelled(entries, metadata, data_start + place)


class _Found(NamedTuple):
    """The columns of the tensors that were read so far; ``sizes`` are their bytes."""

    names: list[str]
    alike: list[Alike]
    sizes: list[int]


def _rows(found: _Found, start: int) -> Iterator[Entry]:
    """The entries of tensors that lie end to end."""
    stops = list(accumulate(found.sizes, initial=start))
    nothing = repeat(None)
    columns = zip(
        found.names, *zip(*found.alike, strict=True), stops, stops[1:], nothing, nothing,
        strict=False,
    )  # fmt: skip
    return map(_new, repeat(Entry), columns)


def _metadata(text: str) -> tuple[dict[str, str] | None, int]:
    """The metadata at the beginning and where the tensors begin behind them."""
    try:
        pairs, end = _pairs.raw_decode(text, len(_OPENING))
    except (ValueError, RecursionError):
        return None, 0
    if not isinstance(pairs, list) or text[len(_OPENING)] != "{" or text[end : end + 1] != ",":
        return None, 0
    if "\\u" in text[:end] or any(type(value) is not str for _, value in pairs):
        return None, 0
    metadata = dict(pairs)
    return (metadata, end + 1) if len(metadata) == len(pairs) else (None, 0)


def _cut(text: str, begin: int) -> Iterator[str]:
    """The tensors of a header, so many at a time that their texts are not too much."""
    last = len(text) - 1
    while begin < last:
        boundary = text.find(_BOUNDARY, begin + _AT_ONCE)
        end = boundary + 2 if boundary >= 0 else last
        yield text[begin:end]
        begin = end + 1


def _read(parts: list[str], place: int, forms: _Forms, found: _Found) -> tuple[str, int]:
    """Add tensors whose text was cut at its quotes.

    Returns:
        How these tensors are written, nothing where they can't be; and where the last one ends.
    """
    names, keys = parts[1::_PARTS], zip(parts[5::_PARTS], parts[8::_PARTS], strict=False)
    joined = " ".join(names)
    try:
        alike, sizes, texts = zip(*map(forms.__getitem__, keys), strict=True)
    except (KeyError, ValueError):  # no such tensors, or none at all
        return "", place
    places = list(accumulate(sizes, initial=place))
    if len(sizes) != len(names) or places[-1] > LARGEST or not is_printable(joined):
        return "", place
    digits = list(map(str, places))
    spelled = [
        f'"{name}{text}{begin},{end}]}}'
        for name, text, begin, end in zip(names, texts, digits, digits[1:], strict=False)
    ]
    if any(mark in joined for mark in _MARKS_OF_BUFFERS):
        alike = tuple(map(_of_kind, names, alike))
    found.names.extend(names)
    found.alike.extend(alike)
    found.sizes.extend(sizes)
    return ",".join(spelled), places[-1]


def _of_kind(name: str, alike: Alike) -> Alike:
    """What tensors of a form have in common if they are called so."""
    dtype, shape, kind, tie, shard = alike
    own = kind_of_name(name, dtype)
    return alike if own == kind else (dtype, shape, own, tie, shard)


def _form(dtype: str, shape: str, shard: int) -> _Form | None:
    """What a dtype and a spelled shape such as ``:[2,3],`` say; ``None`` for no such tensor."""
    if dtype not in DTYPES or not _SHAPE.fullmatch(shape):
        return None
    sizes = tuple(map(int, filter(None, shape[2:-2].split(","))))
    nbytes = nbytes_of(dtype, sizes)
    if nbytes is None:
        return None
    text = f'":{{"dtype":"{dtype}","shape"{shape}"data_offsets":['
    return _Form((dtype, sizes, kind_of_name("", dtype), None, shard), nbytes, text)
