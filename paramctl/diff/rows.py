"""Whole rows or columns that moved, rows that came at the end: other vocabularies and orders."""

import hashlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from paramctl.dtypes import DTYPES
from paramctl.figures.pieces import Readable
from paramctl.manifest import Entry

_MOST = 1 << 21  # rows
_STRETCH = 1 << 22  # bytes


def moved_rows(a: Readable, before: Entry, b: Readable, after: Entry) -> int:
    """How many rows of b stood elsewhere in a, when b's rows are those of a in another order.

    0 where they are not, or stand where they stood. Rows run along the first axis.
    """
    same = (before.dtype, before.shape) == (after.dtype, after.shape)
    rows = int(before.shape[0] or 0) if before.shape else 0
    if not same or not 1 < rows <= _MOST or not _row_bytes(before):
        return 0
    left, right = _digests(a, before), _digests(b, after)
    if not np.array_equal(np.sort(left), np.sort(right)):
        return 0
    return int(np.count_nonzero(left != right))


def moved_columns(a: Readable, before: Entry, b: Readable, after: Entry) -> int:
    """The same of columns, of tensors of rank 2 and more flattened behind their first axis."""
    same = (before.dtype, before.shape) == (after.dtype, after.shape)
    bits = DTYPES[before.dtype].bits
    if not same or len(before.shape) < 2 or bits % 8 or not before.numel:
        return 0
    if not 1 < before.numel // int(before.shape[0] or 1) <= _MOST:
        return 0
    if not np.array_equal(_first_row(a, before), _first_row(b, after)):
        return 0
    left, right = _column_digests(a, before), _column_digests(b, after)
    if not np.array_equal(np.sort(left), np.sort(right)):
        return 0
    return int(np.count_nonzero(left != right))


def appended_rows(a: Readable, before: Entry, b: Readable, after: Entry) -> int:
    """How many rows b has behind those of a, when these are all the same; negative for lost ones.

    0 where anything else differs.
    """
    like = before.dtype == after.dtype and before.shape[1:] == after.shape[1:]
    if not like or not before.shape or not _row_bytes(before):
        return 0
    kept = min(before.nbytes or 0, after.nbytes or 0)
    for start in range(0, kept, _STRETCH):
        left, right = bytearray(min(_STRETCH, kept - start)), bytearray(min(_STRETCH, kept - start))
        a.read_into(before.name, left, start)
        b.read_into(after.name, right, start)
        if left != right:
            return 0
    return int(after.shape[0] or 0) - int(before.shape[0] or 0) if kept else 0


def _row_bytes(entry: Entry) -> int:
    """Bytes of a row; 0 where it has none or ends in the midst of a byte."""
    width = (entry.numel or 0) // max(int(entry.shape[0] or 0), 1)
    bits = width * DTYPES[entry.dtype].bits
    return 0 if bits % 8 else bits // 8


def _digests(source: Readable, entry: Entry) -> Any:
    """A 64-bit digest of each row."""
    found = b"".join(hashlib.blake2b(row, digest_size=8).digest() for row in _rows(source, entry))
    return np.frombuffer(found, np.uint64)


def _column_digests(source: Readable, entry: Entry) -> Any:
    """A 64-bit digest of each column: its elements, mixed, times a random number per row."""
    width, random = _row_bytes(entry), np.random.Generator(np.random.Philox(1))
    word = f"<u{DTYPES[entry.dtype].bits // 8}"
    found = np.zeros(width // np.dtype(word).itemsize, np.uint64)
    for block in _row_blocks(source, entry):
        words = np.frombuffer(block, word).reshape(-1, len(found)).astype(np.uint64)
        words *= np.uint64(0x9E3779B97F4A7C15)
        words ^= words >> np.uint64(29)
        words *= random.integers(1, 2**64, (len(words), 1), dtype=np.uint64)
        found += words.sum(axis=0, dtype=np.uint64)
    return found


def _first_row(source: Readable, entry: Entry) -> Any:
    """Its elements as words, in order of size."""
    row = bytearray(_row_bytes(entry))
    source.read_into(entry.name, row)
    return np.sort(np.frombuffer(row, f"<u{DTYPES[entry.dtype].bits // 8}"))


def _row_blocks(source: Readable, entry: Entry) -> Iterator[bytearray]:
    """The bytes of some whole rows after the others."""
    width, size = _row_bytes(entry), entry.nbytes or 0
    step = max(1, _STRETCH // width) * width
    for start in range(0, size, step):
        buffer = bytearray(min(step, size - start))
        source.read_into(entry.name, buffer, start)
        yield buffer


def _rows(source: Readable, entry: Entry) -> Iterator[memoryview]:
    width = _row_bytes(entry)
    for buffer in _row_blocks(source, entry):
        view = memoryview(buffer)
        yield from (view[place : place + width] for place in range(0, len(buffer), width))
