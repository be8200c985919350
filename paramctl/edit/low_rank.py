"""The best approximation of low rank to a matrix that is read some rows at a time.

A small matrix is decomposed as a whole. For a large one a random sample of its range is improved
by subspace iteration until what it holds of the matrix's energy (its squared Frobenius norm) no
longer grows; memory is that of the sample, a few vectors more than the rank on either side. A
matrix whose rank is no larger is found exactly, to rounding.

Source: Halko, Martinsson & Tropp 2011, arXiv:0909.4061, alg. 4.4 and 5.1.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from paramctl.init.stream import Stream

Array = np.ndarray[Any, Any]

_WHOLE = 1 << 20  # elements of a matrix that is decomposed as a whole
_MORE = 16  # vectors beyond the rank
_MOST_ROUNDS = 8
_ENOUGH = 1e-6  # growth of the energy at which rounds end


class Matrix(NamedTuple):
    """A matrix of float64.

    Attributes:
        rows, columns: its sizes.
        blocks: reads it anew, from the first rows to the last.
    """

    rows: int
    columns: int
    blocks: Callable[[], Iterator[Array]]


class Factors(NamedTuple):
    """``left * values @ right``: ``left`` (rows, r) and ``right`` (r, columns) orthonormal."""

    left: Array
    values: Array
    right: Array


def low_rank(matrix: Matrix, rank: int, name: str) -> Factors:
    """The largest singular values and their vectors, at most ``rank`` of them.

    Args:
        name: of the stream that the first sample is drawn from.
    """
    rank = min(rank, matrix.rows, matrix.columns)
    width = rank + _MORE
    if matrix.rows * matrix.columns <= _WHOLE or width >= min(matrix.rows, matrix.columns):
        found = np.linalg.svd(np.concatenate(list(matrix.blocks())), full_matrices=False)
        return _cut(*found, rank)
    draws = Stream(0, f"low rank:{name}").normal(0, matrix.columns * width)
    sample = _orthonormal(_product(matrix, draws.reshape(matrix.columns, width)))
    before = 0.0
    for _ in range(_MOST_ROUNDS):
        image = _transposed_product(matrix, sample)
        inner, values, outer = np.linalg.svd(image, full_matrices=False)
        energy = float(np.square(values[:rank]).sum())
        if energy <= before * (1 + _ENOUGH):
            break
        before = energy
        sample = _orthonormal(_product(matrix, inner))
    image = _transposed_product(matrix, sample)
    inner, values, outer = np.linalg.svd(image, full_matrices=False)
    return _cut(sample @ outer.T, values, inner.T, rank)


def _cut(left: Array, values: Array, right: Array, rank: int) -> Factors:
    return Factors(left[:, :rank], values[:rank], right[:rank])


def _product(matrix: Matrix, vectors: Array) -> Array:
    found = np.empty((matrix.rows, vectors.shape[1]))
    start = 0
    for block in matrix.blocks():
        np.matmul(block, vectors, out=found[start : start + len(block)])
        start += len(block)
    return found


def _transposed_product(matrix: Matrix, vectors: Array) -> Array:
    found = np.zeros((matrix.columns, vectors.shape[1]))
    start = 0
    for block in matrix.blocks():
        found += block.T @ vectors[start : start + len(block)]
        start += len(block)
    return found


def _orthonormal(vectors: Array) -> Array:
    """An orthonormal basis that holds the span of the vectors."""
    return np.linalg.qr(vectors)[0]
