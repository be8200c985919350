"""An array with the face of a stored tensor, so that figures and digests read it like one."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from paramctl.dtypes import DTYPES, dtype_of
from paramctl.figures.digest import digest
from paramctl.figures.statistics import Statistics, statistics
from paramctl.manifest import Entry


class HeldArray:
    """A host array in C order, as the format would store it; complex128 is rounded to C64.

    Attributes:
        array: the numbers.
        entry: name, dtype and shape.
    """

    def __init__(self, name: str, array: Any) -> None:
        plain = np.asarray(array)
        if plain.dtype == np.complex128:
            plain = plain.astype(np.complex64)
        dtype = dtype_of(plain)
        self.array = np.array(plain, DTYPES[dtype.name].numpy(), order="C", copy=None)
        self.entry = Entry(name, dtype.name, self.array.shape)

    @property
    def nbytes(self) -> int:
        """Bytes of the tensor."""
        return self.array.nbytes

    @property
    def content(self) -> memoryview:
        """The bytes themselves."""
        return self.array.reshape(-1).view(np.uint8).data

    def read_into(self, name: str, buffer: Any, start: int = 0) -> None:
        """Fill ``buffer`` from byte ``start`` of the tensor."""
        view = memoryview(buffer).cast("B")
        view[:] = self.content[start : start + len(view)]

    @property
    def figures(self) -> Statistics:
        """Extremes, mean, spread and counts."""
        return statistics(self, self.entry)

    @property
    def digest(self) -> str:
        """The digest that ``paramctl hash`` would give it."""
        return digest(self, self.entry)

    @property
    def values(self) -> list[Any] | Any:
        """The numbers as nested lists."""
        return np.asarray(self.array).tolist()

    @property
    def numel(self) -> int:
        """Number of elements."""
        return math.prod(self.array.shape)
