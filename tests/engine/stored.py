"""A stand-in for a tensor in a file, which remembers what was read of it."""

import numpy as np


class InFile:
    """Numbers in the dtype of their file, and the reads so far."""

    def __init__(self, array, dtype="F32"):
        self._array = array
        self.shape = array.shape
        self.dtype = dtype
        self.read: list = []

    def array(self):
        self.read.append("all")
        return self._array

    def rows(self, start, stop, out=None):
        self.read.append((start, stop))
        return self._array[start:stop]

    def take(self, indices):
        self.read.append(sorted(set(np.asarray(indices).ravel().tolist())))
        return self._array[indices]
