"""FP8 weights with scales to plain floats: each value times the scale of its block, once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from paramctl.dtypes import DTYPES
from paramctl.edit.cast import Tally, tell_dtype
from paramctl.edit.cast_values import Array, Losses, OnOverflow, cast, largest
from paramctl.edit.content import Made, array, encode, rechunk
from paramctl.edit.draft import Draft
from paramctl.edit.plan import EDITS, Edit, Step
from paramctl.edit.scales import (
    QUANTIZED,
    Scale,
    block_sizes,
    find_scale,
    inputs_scales,
    no_scales,
    tell_quantization,
)
from paramctl.errors import SelectionError, UsageError
from paramctl.formats.content import Block, Content
from paramctl.manifest import Entry, Manifest

_AT_ONCE = 1 << 20  # values computed at a time; each needs some ten bytes


@EDITS.register("dequantize")
@dataclass(frozen=True)
class Dequantize(Edit):
    """Multiply FP8 weights by their scales and drop the scales; without a selection all of them.

        w[..., i, j] <- float32(w[..., i, j]) * float32(s[..., i // rows, j // columns])

    rounded once from float32 to the new dtype. Scales are named as the weight with
    ``_scale_inv`` or ``_scale`` behind and may lie in another shard; one scale for the whole
    tensor and one for each row will do too.

    Attributes:
        dtype: the format's name of the new dtype, a float.
        blocks: rows and columns of a block; ``None`` takes what config.json says, else 128.
        on_overflow: as for ``cast``.

    Source: DeepSeek-V3, inference/kernel.py, ``weight_dequant``.
    """

    dtype: str
    blocks: tuple[int, int] | None = None
    on_overflow: OnOverflow = "error"

    def __post_init__(self) -> None:
        if not DTYPES[self.dtype].is_floating or self.dtype not in ("F64", "F32", "BF16", "F16"):
            raise UsageError(f"scaled weights go into F64, F32, BF16 or F16, not {self.dtype}")

    def choose(self, manifest: Manifest, step: Step) -> list[Entry]:
        """The chosen FP8 tensors; all of them when nothing is selected.

        Raises:
            SelectionError: there is none.
        """
        found = super().choose(manifest, step)
        found = [entry for entry in found if entry.dtype in QUANTIZED]
        if not found and not step.allow_empty:
            raise SelectionError(f"none of the selected of {len(manifest)} tensors is FP8")
        return found

    def apply(self, draft: Draft, chosen: Sequence[Entry]) -> None:
        """Dequantize every stored tensor behind the chosen names and drop what scaled them.

        Raises:
            UsageError: scales are missing, or don't fit the shape of the weight.
        """
        names = list(dict.fromkeys(entry.tied_to or entry.name for entry in chosen))
        blocks = self.blocks or block_sizes(draft)
        scales = find_scales(draft, [draft.entry(name) for name in names], blocks)
        tally = Tally(self.dtype, self.on_overflow, "dequantized")
        for name, scale in zip(names, scales, strict=True):
            entry = draft.entry(name)
            factors = draft.content(scale.entry.name)
            make = partial(_blocks, self, tally, entry, draft.content(name), scale, factors)
            nbytes = entry._replace(dtype=self.dtype).nbytes or 0
            draft.put(name, Made(nbytes, make), dtype=self.dtype, action="cast")
        used = [scale.entry.name for scale in scales]
        draft.remove([*used, *inputs_scales(draft.manifest, names)])
        draft.ledgers.append(tally)
        draft.checks.append(partial(tally.judge, draft))
        tell_quantization(draft, names)
        tell_dtype(draft, self.dtype)


def find_scales(draft: Draft, entries: Sequence[Entry], blocks: tuple[int, int]) -> list[Scale]:
    """The scales of some weights, in order.

    Raises:
        UsageError: some have none; all of them are listed.
    """
    found = [find_scale(draft.manifest, entry, blocks) for entry in entries]
    lacking = [entry.name for entry, scale in zip(entries, found, strict=True) if scale is None]
    if lacking:
        raise no_scales(lacking)
    return [scale for scale in found if scale is not None]


def _blocks(
    edit: Dequantize, tally: Tally, entry: Entry, old: Content, scale: Scale, factors: Content
) -> Iterator[Block]:
    lost = tally.start(entry.name)
    for block, losses in made(edit, entry, old, scale, factors):
        lost += losses
        yield block


def made(
    edit: Dequantize, entry: Entry, old: Content, scale: Scale, factors: Content
) -> Iterator[tuple[Block, Losses]]:
    """The new bytes some rows at a time, and what was lost; only the scales are held whole."""
    grid = _widened(array(factors, scale.entry.dtype, scale.entry.shape)).reshape(scale.grid)
    table = _widened(np.arange(256).astype(np.uint8).view(DTYPES[entry.dtype].numpy()))
    row, columns = 0, max(1, scale.columns)
    for block in rechunk(old.blocks(), max(1, _AT_ONCE // columns) * columns):
        values = table[np.frombuffer(block, np.uint8)].reshape(-1, columns)
        by = _spread(grid, scale, row, row + len(values))
        found, losses = _multiplied(values, by, edit)
        row += len(values)
        yield encode(found, edit.dtype), losses


def _multiplied(values: Array, by: Array, edit: Dequantize) -> tuple[Array, Losses]:
    with np.errstate(all="ignore"):
        product = values * by
    found, losses = cast(product, "F32", edit.dtype, edit.on_overflow)
    over = np.isinf(product) & np.isfinite(values) & np.isfinite(by)
    losses.overflow += int(np.count_nonzero(over))
    if edit.on_overflow == "clamp":
        found[over] = np.copysign(largest(found.dtype), product[over])
    return found, losses


def _widened(values: Array) -> Array:
    with np.errstate(all="ignore"):  # signalling NaNs
        return values.astype(np.float32)


def _spread(grid: Array, scale: Scale, start: int, stop: int) -> Array:
    """The scale of every value in the rows ``[start, stop)``, all matrices one below the other."""
    rows = np.arange(start, stop)
    matrix, line = rows // max(1, scale.rows), rows % max(1, scale.rows)
    chosen = grid[matrix, line // scale.block[0]]
    if chosen.shape[1] == 1:
        return chosen
    return chosen.repeat(scale.block[1], axis=1)[:, : scale.columns]
