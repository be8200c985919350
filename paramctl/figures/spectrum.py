"""The largest singular values of a matrix, by a block Krylov method that reads rows in blocks.

From a seeded random block V the space spanned by V, (A'A)V, (A'A)^2 V, … is built, one pass
over the matrix each, until the eigenpairs of A'A seen through it leave residuals of at most
1e-6 of the largest. Tensors of rank 3 and more are flattened behind their first axis.

Source: Musco & Musco 2015, Randomized block Krylov methods, algorithm 2.
"""

import math
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from paramctl.compute.blas import single_threaded
from paramctl.compute.blocks import PIECE, spans
from paramctl.compute.decode import decode, is_decodable
from paramctl.compute.pool import map_ordered
from paramctl.dtypes import DTYPES
from paramctl.figures.pieces import Readable, Span, read_piece, size_of
from paramctl.figures.statistics import Statistics
from paramctl.manifest import Entry

MOST = 64
_SPARE = 8
_RESIDUAL = 1e-6
_NOTHING = 1e-12  # what is left of a direction that the space already has
_MEMORY = 12 << 20  # elements of the space and of its image, together
_LARGEST = 1e100  # squares of norms must stay finite


@dataclass(frozen=True)
class Spectrum:
    """What is known of the singular values of a matrix.

    Attributes:
        values: the largest ones, descending.
        stable_rank: ``|A|_F**2 / max(values)**2``; ``None`` for a matrix of zeros.
        has_converged: whether they are right to 1e-6 of the largest; else they are too small.
    """

    values: tuple[float, ...]
    stable_rank: float | None
    has_converged: bool


def spectrum(source: Readable, entry: Entry, found: Statistics, count: int) -> Spectrum | None:
    """The ``count`` largest singular values; ``None`` for what is no finite matrix of floats."""
    if not _is_matrix(entry) or found.nan or found.inf or not (found.l2 or 0) < _LARGEST:
        return None
    rows = int(entry.shape[0] or 0)
    matrix = _Matrix(source, entry, rows, size_of(entry) // rows)
    with single_threaded():
        values, has_converged = _largest(matrix, min(count, rows, matrix.width))
    stable = (found.l2 / values[0]) ** 2 if found.l2 and values[0] else None
    return Spectrum(tuple(values), stable, has_converged)


def _is_matrix(entry: Entry) -> bool:
    if len(entry.shape) < 2 or not entry.numel or not is_decodable(entry.dtype):
        return False
    width = entry.numel // (entry.shape[0] or 1)
    is_packed_oddly = entry.dtype == "F4" and width % 2
    return DTYPES[entry.dtype].is_floating and not is_packed_oddly and width <= _MEMORY // 32


@dataclass(frozen=True)
class _Matrix:
    source: Readable
    entry: Entry
    rows: int
    width: int

    def image(self, block: Any) -> Any:
        """``A'A block``, in one pass over the rows; added up in their order."""
        total = np.zeros_like(block)
        step = max(1, PIECE // self.width)
        for part in map_ordered(partial(self._part, block), spans(self.rows, step)):
            total += part
        return total

    def _part(self, block: Any, span: Span) -> Any:
        piece = read_piece(self.source, self.entry, (span[0] * self.width, span[1] * self.width))
        rows = decode(self.entry.dtype, piece).reshape(-1, self.width)
        return rows.T @ (rows @ block)


def _largest(matrix: _Matrix, count: int) -> tuple[list[float], bool]:
    """The largest singular values, and whether their residuals are small."""
    start = min(count + _SPARE, matrix.width)
    random = np.random.Generator(np.random.Philox(0))
    block, _ = np.linalg.qr(random.standard_normal((matrix.width, start)))
    space, image = block, matrix.image(block)
    room = _MEMORY // 2 // matrix.width
    while True:
        values, residual = _ritz(space, image, count)
        is_done = residual <= _RESIDUAL * max(float(values[0]), 0.0)
        following = _following(space, image[:, -block.shape[1] :])
        is_whole = space.shape[1] == matrix.width or not following.shape[1]
        is_full = space.shape[1] + following.shape[1] > max(room, 2 * start)
        if is_done or is_whole or is_full:
            return [math.sqrt(max(value, 0.0)) for value in values.tolist()], is_done or is_whole
        block = following
        space = np.hstack((space, block))
        image = np.hstack((image, matrix.image(block)))


def _ritz(space: Any, image: Any, count: int) -> tuple[Any, float]:
    """The largest eigenvalues seen through the space, and the largest residual among them."""
    seen = space.T @ image
    values, vectors = np.linalg.eigh((seen + seen.T) / 2)
    values, vectors = values[::-1][:count], vectors[:, ::-1][:, :count]
    left = image @ vectors - (space @ vectors) * values
    return values, float(np.linalg.norm(left, axis=0).max())


def _following(space: Any, image: Any) -> Any:
    """Directions of the image that the space lacks, orthogonal to it and to each other."""
    scale = float(np.linalg.norm(image))
    rest = image - space @ (space.T @ image)
    block, upper = np.linalg.qr(rest)
    block = block[:, np.abs(np.diag(upper)) > _NOTHING * scale]
    if not block.shape[1]:
        return block
    return np.linalg.qr(block - space @ (space.T @ block))[0]
