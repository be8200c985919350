"""New values for a part of a tensor, made block by block while the tensor is written."""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

from paramctl.dtypes import DTYPES
from paramctl.edit.content import Made, arrays, encode, rechunk
from paramctl.edit.draft import Draft
from paramctl.edit.position import Position, rows
from paramctl.errors import InputError, UsageError
from paramctl.expression.parse import Code, parse
from paramctl.expression.place import argument
from paramctl.formats.content import BLOCK, Block, Content
from paramctl.manifest import Entry
from paramctl.names import show

if TYPE_CHECKING:
    from typing import Any

    import numpy as np

    Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Values:
    """Where new values come from.

    Attributes:
        new: old values, their dtype and which places of the part's first axis they are, to
            new values of that dtype.
        shape: of all of them; ``None`` where any shape will do.
    """

    new: "Callable[[Array, str, slice], Array]"
    shape: tuple[int, ...] | None = None


def computed(expression: str) -> Values:
    """Values of an expression over the old ones, ``x``, element by element.

    Raises:
        UsageError: it can't be read, or mixes elements.
    """
    code = parse(expression, argument(), "script")
    if any(isinstance(node, ast.MatMult) for tree in _trees(code) for node in ast.walk(tree)):
        raise UsageError("values are set element by element: there is no @")

    def new(old: "Array", dtype: str, where: slice) -> "Array":
        import numpy as np

        from paramctl.edit.rounding import narrow, widen
        from paramctl.expression.numeric import evaluate_numbers

        result = evaluate_numbers(code, {"x": widen(old, dtype)})
        return np.broadcast_to(narrow(result, dtype), old.shape)

    return Values(new)


def loaded(path: Path) -> Values:
    """Values of a ``.npy`` file, rounded to the tensor's dtype.

    Raises:
        InputError: missing, or no such file.
    """
    array = open_array(path)

    def new(old: "Array", dtype: str, where: slice) -> "Array":
        return _converted(array[where] if array.ndim else array, dtype)

    return Values(new, array.shape)


def open_array(path: Path) -> "Array":
    """The array of a ``.npy`` file, mapped and not read.

    Raises:
        InputError: missing, or no such file.
    """
    import numpy as np

    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        problem = getattr(error, "strerror", None) or "it is no .npy array of numbers"
        raise InputError(problem.lower(), where=show(str(path))) from None
    if not isinstance(array, np.ndarray):
        raise InputError("it is no .npy array", where=show(str(path)))
    return array


def refill(draft: Draft, entry: Entry, place: Position, values: Values) -> None:
    """Put new values into a part of a tensor.

    Raises:
        UsageError: the dtype can't be computed on.
    """
    DTYPES[entry.dtype].numpy()
    old = draft.content(entry.name)
    draft.put(entry.name, Made(old.nbytes, partial(_blocks, entry, old, place, values)))


def _blocks(entry: Entry, old: Content, place: Position, values: Values) -> Iterator[Block]:
    is_flat = place.is_whole and values.shape is None
    if is_flat or not entry.shape:
        for array in arrays(old, entry.dtype):
            part = array if is_flat else array.reshape(())
            yield encode(values.new(part, entry.dtype, slice(None)), entry.dtype)
    else:
        yield from _by_rows(entry, old, place, values)


def _by_rows(entry: Entry, old: Content, place: Position, values: Values) -> Iterator[Block]:
    import numpy as np

    element = DTYPES[entry.dtype].numpy()
    shape = tuple(size or 0 for size in entry.shape[1:])
    row = max(1, element.itemsize * prod(shape))
    start = 0
    for block in rechunk(old.blocks(), max(1, BLOCK // row) * row):
        array = np.frombuffer(block, dtype=element).reshape(-1, *shape)
        found = rows(place, start, start + len(array))
        if found is not None:
            index, where = found
            inside = where if isinstance(place.parts[0], slice) else slice(None)
            array[index] = values.new(array[index], entry.dtype, inside)
        start += len(array)
        yield array.reshape(-1).view(np.uint8).data


def _converted(values: "Array", dtype: str) -> "Array":
    """Values of a file in the tensor's dtype; raw bytes of the same width are taken as they are."""
    from paramctl.edit.rounding import narrow

    wanted = DTYPES[dtype].numpy()
    is_raw = values.dtype.kind == "V" and values.dtype.itemsize == wanted.itemsize
    return values.view(wanted) if is_raw or values.dtype == wanted else narrow(values, dtype)


def _trees(code: Code) -> list[ast.AST]:
    return [*code.statements, *([code.result] if code.result else [])]
