"""JSON from strangers: what ``json`` lets through and the format forbids is refused here.

``json`` alone keeps the last of two equal keys, takes NaN, Infinity, a lone surrogate and
``-0`` as an integer, and decodes UTF-16 by itself.
"""

import gc
import json
import math
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from paramctl.errors import CheckpointError
from paramctl.names import show

DEEPEST = 64
_NEGATIVE_ZERO = re.compile(r"-0(?<=[:,\[ \t\n\r]-0)")  # begins with a literal: found faster
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_BOMS = {b"\xef\xbb\xbf": "UTF-8", b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}
_BRACKETS_FROM = 1 << 20  # below this size a crowd of brackets can do no harm


@contextmanager
def without_collector() -> Iterator[None]:
    """Turn the garbage collector off while a big table is built: 100,000 rows in half the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def parse_object(data: bytes, *, where: str, what: str) -> dict[str, Any]:
    """The JSON object that ``data`` spells.

    Args:
        data: UTF-8 text; white space around the object is allowed.
        where: the file, for messages.
        what: what the text is called in messages, such as ``header``.

    Raises:
        CheckpointError: not UTF-8, not JSON, not an object, a key twice, a number or a string
            that JSON can't hold, or nesting deeper than 64.
    """
    text = _decoded(data, where, what)
    tree = _loaded(text, where, what)
    if not isinstance(tree, dict):
        raise CheckpointError(f"the {what} is {kind_of(tree)}, wanted an object", where=where)
    if text.count(":") != _keys(tree):
        _refuse_repeated(text, where, what)
    if "\\u" in text and _SURROGATE.search(text):
        _check_depth(tree, where, what)
        _refuse_surrogates(tree, where, what)
    return tree


def kind_of(value: Any) -> str:
    """What a JSON value is, in words: ``an array``, ``the number -3``, ``the string 'F33'``."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float():
            digits = repr(value) if abs(value) < 1e300 else "beyond 1e300"
            return f"the number {digits}"
        case str():
            return f"the string '{show(value[:80])}'"
        case list():
            return "an array"
    return "an object"


def check_ignored(value: Any, *, where: str, what: str, depth: int = 0) -> None:
    """Refuse, inside a value nobody reads, what other readers can't parse.

    Raises:
        CheckpointError: an integer beyond float64, or nesting deeper than 64.
    """
    if depth > DEEPEST:
        raise CheckpointError(f"the {what} is nested deeper than {DEEPEST}", where=where)
    if isinstance(value, int) and value.bit_length() > 1023:
        raise CheckpointError(f"the {what} holds a number beyond 1e308", where=where)
    for child in (
        value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    ):
        check_ignored(child, where=where, what=what, depth=depth + 1)


def _decoded(data: bytes, where: str, what: str) -> str:
    for mark, encoding in _BOMS.items():
        if data.startswith(mark):
            raise CheckpointError(
                f"the {what} begins with a {encoding} byte order mark, wanted plain UTF-8",
                where=where,
            )
    if len(data) > _BRACKETS_FROM and data.count(b"[") + data.count(b"{") > len(data) // 8:
        raise CheckpointError(
            f"the {what} is {len(data)} bytes of mostly brackets, no list of tensors", where=where
        )
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise CheckpointError(
            f"the {what} is not UTF-8: byte 0x{data[error.start]:02x} at {error.start}",
            where=where,
        ) from None


def _keys(tree: dict[str, Any]) -> int:
    """Keys of an object and of those directly inside it.

    Each key in the text brings one colon and strings only bring more. So as many colons as
    keys prove that no key was dropped for being there twice, at a tenth of the cost of a hook.
    """
    children: Iterable[Any] = tree.values()
    if set(map(type, children)) - {dict}:
        children = [child for child in children if type(child) is dict]
    return len(tree) + sum(map(len, children))


def _loaded(text: str, where: str, what: str) -> Any:
    # A hook per integer triples the time, so it is set only where a -0 may be.
    has_negative_zero = "-0" in text and _NEGATIVE_ZERO.search(text)
    try:
        return json.loads(
            text,
            parse_int=_signed if has_negative_zero else None,
            parse_float=_finite,
            parse_constant=_refuse_constant,
        )
    except json.JSONDecodeError as error:
        from paramctl.formats.json_words import what_is_wrong

        problem = what_is_wrong(error)
    except RecursionError:
        problem = f"nested deeper than {DEEPEST}"
    except NotJsonError as error:
        problem = str(error)
    except ValueError:
        problem = "it holds an integer of thousands of digits"
    raise CheckpointError(f"the {what} is not JSON: {problem}", where=where) from None


class NotJsonError(ValueError):
    """A spelling that Python's reader takes and JSON doesn't have."""


def _signed(digits: str) -> int | float:
    return -0.0 if digits == "-0" else int(digits)


def _finite(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise NotJsonError(f"the number {digits[:40]} is beyond 1e308")
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise NotJsonError(f"{name} is no JSON value")


class _Pairs(list[tuple[str, Any]]):
    """An object as it stands in the text, repeated keys and all."""


def _refuse_repeated(text: str, where: str, what: str) -> None:
    tree = json.loads(text, object_pairs_hook=_Pairs)
    _check_depth(tree, where, what)
    for path, key in _repeated_keys(tree, ()):
        place = f"{where}: {show(path[0])}" if path else where
        inside = f" of '{show(path[-1])}'" if len(path) > 1 else ""
        raise CheckpointError(
            f"the key '{show(key)}'{inside} appears twice in the {what}", where=place
        )


def _check_depth(tree: Any, where: str, what: str) -> None:
    level = [tree]
    for _ in range(DEEPEST):
        below: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                below += value.values()
            elif isinstance(value, _Pairs):
                below += [child for _, child in value]
            elif isinstance(value, list):
                below += value
        if not below:
            return
        level = below
    raise CheckpointError(f"the {what} is nested deeper than {DEEPEST}", where=where)


def _repeated_keys(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(value, _Pairs):
        seen: set[str] = set()
        for key, child in value:
            if key in seen:
                yield path, key
            seen.add(key)
            yield from _repeated_keys(child, (*path, key))
    elif isinstance(value, list):
        for child in value:
            yield from _repeated_keys(child, path)


def _refuse_surrogates(value: Any, where: str, what: str) -> None:
    if isinstance(value, str):
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            raise CheckpointError(
                f"the {what} is not JSON: '{show(value[:80])}' holds half of a surrogate pair",
                where=where,
            ) from None
    elif isinstance(value, dict):
        for key, child in value.items():
            _refuse_surrogates(key, where, what)
            _refuse_surrogates(child, where, what)
    elif isinstance(value, list):
        for child in value:
            _refuse_surrogates(child, where, what)
