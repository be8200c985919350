"""Where the scales of FP8 weights are, what shapes they may have, and what config.json says."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, TypeGuard

from paramctl.dtypes import DTYPES
from paramctl.edit.config import change_config, config_now
from paramctl.edit.draft import Draft
from paramctl.errors import UsageError
from paramctl.formats.entries import shape_text
from paramctl.manifest import Entry, Manifest, Shape
from paramctl.names import show

QUANTIZED = ("F8_E4M3", "F8_E5M2", "F8_E4M3FNUZ", "F8_E5M2FNUZ")

_SUFFIXES = ("_scale_inv", "_scale")
_OF_INPUTS = ("input_scale", "activation_scale")
_USUAL = (128, 128)
_KEYS = ("quantization_config", "compression_config")
_EXEMPT = ("modules_to_not_convert", "ignore", "ignored_layers")
_SIZES = re.compile(r"(\d+)(?:[x,](\d+))?")
_SHOWN = 10


@dataclass(frozen=True)
class Scale:
    """The scales of one weight, seen as a grid over matrices.

    Attributes:
        entry: the tensor that holds them.
        grid: its shape as (matrices, blocks down, blocks across).
        block: rows and columns that one scale is for.
        rows, columns: of each matrix of the weight.
    """

    entry: Entry
    grid: tuple[int, int, int]
    block: tuple[int, int]
    rows: int
    columns: int


def parse_blocks(text: str) -> tuple[int, int] | None:
    """Rows and columns from ``128`` or ``1x128``; ``None`` for ``auto``, or ``true`` in a recipe.

    Raises:
        UsageError: no such sizes.
    """
    if text in ("auto", "true"):
        return None
    match = _SIZES.fullmatch(text)
    sizes = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if 0 in sizes:
        raise UsageError(
            f"'{show(text)}' is no size of a block", hint="sizes are like 128 or 1x128"
        )
    return sizes


def block_sizes(draft: Draft) -> tuple[int, int]:
    """The sizes that config.json states as ``weight_block_size``; 128 x 128 where it doesn't."""
    for _, config in _configs(draft):
        sizes = _plain(config.get("weight_block_size"))
        for group in _dicts(config.get("config_groups")):
            weights = group.get("weights")
            sizes = sizes or _plain(weights.get("block_structure") if _is_dict(weights) else None)
        if sizes:
            return sizes
    return _USUAL


def find_scale(manifest: Manifest, entry: Entry, blocks: tuple[int, int]) -> Scale | None:
    """The scales of a weight; ``None`` when there are none.

    Raises:
        UsageError: they fit neither blocks nor rows nor the whole of it, or are no floats.
    """
    names = [
        entry.name,
        *(alias for group in manifest.ties if entry.name in group for alias in group),
    ]
    for name in (f"{name}{suffix}" for name in names for suffix in _SUFFIXES):
        found = manifest.get(name)
        if found is not None:
            return _fitted(entry, found, blocks)
    return None


def inputs_scales(manifest: Manifest, names: Sequence[str]) -> list[str]:
    """The scales of the inputs of the modules with these weights; they serve FP8 alone."""
    wanted = (f"{name.rpartition('.')[0]}.{last}" for name in names for last in _OF_INPUTS)
    return [name for name in dict.fromkeys(wanted) if name in manifest]


def no_scales(names: Sequence[str]) -> UsageError:
    """The refusal of weights that have no scales."""
    lines = [show(name) for name in names[:_SHOWN]]
    if len(names) > _SHOWN:
        lines.append(f"and {len(names) - _SHOWN} more")
    wanted = " or ".join(f"NAME{suffix}" for suffix in _SUFFIXES)
    return UsageError(
        "\n  ".join(["FP8 tensors without scales:", *lines]),
        hint=f"scales are named {wanted}; `cast` without --dequant-blocks takes plain FP8 values",
    )


def tell_quantization(draft: Draft, names: Sequence[str]) -> None:
    """Take what config.json says of FP8 away; while other such weights stay, exempt these."""
    remain = any(entry.dtype in QUANTIZED for entry in draft.manifest.stored)
    for (section, key), config in list(_configs(draft)):
        if not remain:
            change_config(draft, section, {key: None})
            continue
        exempt = next((name for name in _EXEMPT if name in config), _EXEMPT[0])
        modules = [name.removesuffix(".weight") for name in names]
        listed = dict.fromkeys([*(config.get(exempt) or []), *modules])
        change_config(draft, section, {key: {**config, exempt: list(listed)}})


def _fitted(entry: Entry, found: Entry, blocks: tuple[int, int]) -> Scale:
    if not DTYPES[found.dtype].is_floating or not DTYPES[found.dtype].array:
        raise UsageError(f"scales are floats, these are {found.dtype}", where=show(found.name))
    shape = _sizes(entry.shape)
    *lead, rows, columns = (1, *shape) if len(shape) == 1 else shape or (1, 1)
    down, across = -(-rows // blocks[0]), -(-columns // blocks[1])
    matrices = prod(lead)
    scale = _sizes(found.shape)
    if scale == (*lead, down, across) and len(shape) > 1:
        return Scale(found, (matrices, down, across), blocks, rows, columns)
    if prod(scale) == 1:
        return Scale(found, (1, 1, 1), (max(1, matrices * rows), columns), matrices * rows, columns)
    if scale in ((*lead, rows), (*lead, rows, 1)) and len(shape) > 1:
        return Scale(found, (matrices, rows, 1), (1, columns), rows, columns)
    if matrices > 1 and prod(scale) == matrices and scale[: len(lead)] == tuple(lead):
        return Scale(found, (matrices, 1, 1), (max(1, rows), columns), rows, columns)
    raise UsageError(
        f"scales {shape_text(found.shape)} don't fit {shape_text(entry.shape)} in blocks of "
        f"{blocks[0]} x {blocks[1]}: wanted {shape_text((*lead, down, across))}",
        where=show(found.name),
        hint="--dequant-blocks ROWSxCOLUMNS says the sizes",
    )


def _configs(draft: Draft) -> list[tuple[tuple[str | None, str], dict[str, Any]]]:
    """Every quantization that config.json speaks of: its section and key, and what it says."""
    outer = config_now(draft)
    sections = [key for key, value in outer.items() if _is_dict(value)]
    levels: list[tuple[str | None, dict[str, Any]]] = [(None, outer)]
    levels += [(section, outer[section]) for section in sections]
    return [
        ((section, key), level[key])
        for section, level in levels
        for key in _KEYS
        if _is_dict(level.get(key))
    ]


def _plain(value: Any) -> tuple[int, int] | None:
    is_pair = isinstance(value, list | tuple) and len(value) == 2
    if not is_pair or not all(isinstance(size, int) and size > 0 for size in value):
        return None
    return value[0], value[1]


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [group for group in value.values() if _is_dict(group)] if _is_dict(value) else []


def _is_dict(value: Any) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)


def _sizes(shape: Shape) -> tuple[int, ...]:
    return tuple(size or 0 for size in shape)
