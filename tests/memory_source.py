"""Tensors in memory that read like a source, for tests of what reads values."""

import numpy as np

from paramctl.dtypes import DTYPES
from paramctl.manifest import Entry


class MemorySource:
    """Arrays by name; ``raw`` adds tensors by dtype, shape and bytes."""

    def __init__(self, **arrays):
        from paramctl.dtypes import dtype_of

        self.bytes = {}
        self.entries = {}
        for name, array in arrays.items():
            array = np.asarray(array)
            self.raw(name, dtype_of(array).name, array.shape, array.tobytes())

    def raw(self, name, dtype, shape, data):
        assert len(data) * 8 == int(np.prod(shape, dtype=np.int64)) * DTYPES[dtype].bits
        self.bytes[name] = data
        self.entries[name] = Entry(name, dtype, tuple(shape))
        return self

    def __getitem__(self, name):
        return self.entries[name]

    def read_into(self, name, buffer, start=0):
        view = memoryview(buffer)
        part = self.bytes[name][start : start + len(view)]
        assert len(part) == len(view)
        view[:] = part
