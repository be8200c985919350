"""Two tensors of one shape as matrices of floats, read some rows at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from paramctl.compute.decode import decode, is_decodable
from paramctl.dtypes import DTYPES
from paramctl.figures.pieces import Readable, read_piece, size_of
from paramctl.manifest import Entry

_BLOCK = 1 << 20  # elements


@dataclass(frozen=True)
class Sides:
    """The two matrices: tensors of rank 2 and more, flattened behind their first axis.

    A vector is a matrix of one row.
    """

    a: Readable
    before: Entry
    b: Readable
    after: Entry

    @property
    def rows(self) -> int:
        """Size of the first axis."""
        shape = self.before.shape
        return int(shape[0] or 0) if len(shape) > 1 else 1

    @property
    def width(self) -> int:
        """Elements per row."""
        return size_of(self.before) // max(self.rows, 1)

    @property
    def are_floats(self) -> bool:
        """Whether both are real floats whose rows begin with whole bytes, two elements or more."""
        dtypes = self.before.dtype, self.after.dtype
        floats = all(DTYPES[name].is_floating and is_decodable(name) for name in dtypes)
        return floats and not ("F4" in dtypes and self.width % 2) and self.rows * self.width > 1

    def blocks(self) -> Iterator[tuple[slice, Any, Any]]:
        """Some rows after the other, of both sides, as float64."""
        step = max(1, _BLOCK // max(self.width, 1))
        for start in range(0, self.rows, step):
            stop = min(start + step, self.rows)
            span = start * self.width, stop * self.width
            left = read_piece(self.a, self.before, span, "left piece")
            right = read_piece(self.b, self.after, span, "right piece")
            a = decode(self.before.dtype, left, "left values").reshape(-1, self.width)
            b = decode(self.after.dtype, right, "right values").reshape(-1, self.width)
            yield slice(start, stop), a, b
