"""A parameter's numbers while they are still in their file: read whole, by rows, or by index."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from paramctl.dtypes import DTYPES
from paramctl.manifest import Entry
from paramctl.sources.source import Source


class StoredTensor:
    """One tensor of an open checkpoint; nothing of it is kept between reads.

    Attributes:
        shape: sizes.
        dtype: the format's name; arrays are given in it.
        name: the name under which the checkpoint stores it.
    """

    def __init__(self, source: Source, entry: Entry) -> None:
        self.source = source
        self.name = entry.name
        self.dtype = entry.dtype
        self.shape: tuple[int, ...] = tuple(size or 0 for size in entry.shape)
        self._element = DTYPES[entry.dtype].numpy()
        self._row = math.prod(self.shape[1:]) * self._element.itemsize

    def array(self) -> Any:
        """The whole array, in memory of its own."""
        return self._read(0, self.shape)

    def rows(self, start: int, stop: int, out: Any = None) -> Any:
        """Rows ``[start, stop)`` of the first axis; only their bytes are read.

        Args:
            out: a contiguous array of the dtype and their shape, to read into.
        """
        if out is None:
            return self._read(start * self._row, (stop - start, *self.shape[1:]))
        self.source.read_into(self.name, out.reshape(-1).view(np.uint8), start * self._row)
        return out

    def take(self, indices: Any) -> Any:
        """The rows with these indices, each read once however often it is asked for.

        Shapes:
            indices ``(*i)`` → ``(*i, *features)``
        """
        wanted, places = np.unique(np.asarray(indices), return_inverse=True)
        result = np.empty((len(wanted), *self.shape[1:]), self._element)
        breaks = np.flatnonzero(np.diff(wanted) != 1) + 1
        position = 0
        for run in np.split(wanted, breaks) if len(wanted) else ():
            part = self.rows(int(run[0]), int(run[-1]) + 1)
            result[position : position + len(run)] = part
            position += len(run)
        return result[places.reshape(np.shape(indices))]

    def _read(self, start: int, shape: tuple[int, ...]) -> Any:
        content = np.empty(math.prod(shape) * self._element.itemsize, np.uint8)
        self.source.read_into(self.name, content, start)
        return content.view(self._element).reshape(shape)
