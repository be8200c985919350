"""Every edit by the words of its verb: arguments and flags to a step.

The command line and recipes build their steps here, so that a word means the same in both. A
parameter is the argument or flag of its name; one that would be a Python word ends in ``_``.
"""

from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from paramctl.edit.plan import Edit, Step
from paramctl.errors import UsageError
from paramctl.sources.source import Source

if TYPE_CHECKING:
    from paramctl.edit.init_choice import Choice

Texts = Sequence[str]


def _selecting(name: str, about: str) -> Callable[..., Step]:
    """The builder of an edit that is told which tensors, and nothing else."""

    def step(select: Texts, allow_empty: bool = False, expect: int | None = None) -> Step:
        return Step(_edit(name), tuple(select), allow_empty, expect)

    step.__name__, step.__doc__ = name, about
    return step


def _edit(name: str, *options: object) -> Edit:
    """An edit of the file and class of its name."""
    edit: Edit = getattr(import_module(f"paramctl.edit.{name}"), name.capitalize())(*options)
    return edit


keep = _selecting("keep", "Only the selected tensors.")
drop = _selecting("drop", "All but the selected tensors.")
untie = _selecting("untie", "A tensor for every name.")
transpose = _selecting("transpose", "The last two axes swapped.")


def set_(name: str, expr: str | None = None, npy: Path | None = None) -> Step:
    """New values for ``NAME[INDEX]``."""
    from paramctl.edit.set import Set

    return Step(Set(name, expr, npy))


def tie(
    keep: str | None = None, alias: Texts = (), auto: bool = False, take: str | None = None
) -> Step:
    """Several names for one tensor.

    Raises:
        UsageError: both names and ``auto``, or neither; or no such ``take``.
    """
    from paramctl.edit.tie import Tie, TieEqual

    if auto == bool(keep) or (auto and take):
        raise UsageError("tie takes either KEEP and ALIAS or --auto")
    if take is not None and take not in ("keep", "alias", "mean"):
        raise UsageError(f"--take is keep, alias or mean, not '{take}'")
    return Step(TieEqual() if auto else Tie(keep or "", tuple(alias), take))  # type: ignore[arg-type]


def rename(
    rule: Texts = (), map: Path | None = None, inverse: bool = False, expect: int | None = None
) -> Step:
    """Other names.

    Raises:
        UsageError: no rule, or one that can't be read or inverted.
        InputError: a map that can't be read.
    """
    from paramctl.edit.rename import Rename
    from paramctl.edit.rename_map import read_map
    from paramctl.edit.rename_rules import parse_rule

    if not rule and map is None:
        raise UsageError(
            "no rule is given", hint="a rule is OLD=NEW, as in 'encoder=model.encoder'"
        )
    table = read_map(map) if map is not None else ()
    edit = Rename(tuple(parse_rule(text) for text in rule), table)
    return Step(edit.inverse() if inverse else edit, expect=expect)


def cast(
    dtype: str,
    select: Texts = (),
    on_overflow: str = "error",
    allow_empty: bool = False,
    expect: int | None = None,
    dequant_blocks: str | None = None,
) -> Step:
    """Another dtype; with ``dequant_blocks`` that of FP8 weights times their scales.

    Raises:
        UsageError: no such dtype, way out of an overflow or size of a block.
    """
    from paramctl.dtypes import parse_dtype
    from paramctl.edit.cast import Cast
    from paramctl.edit.dequantize import Dequantize
    from paramctl.edit.scales import parse_blocks

    if on_overflow not in ("error", "inf", "clamp"):
        raise UsageError(f"--on-overflow takes error, inf or clamp, not '{on_overflow}'")
    name, way = parse_dtype(dtype).name, on_overflow
    if dequant_blocks is None:
        edit: Cast | Dequantize = Cast(name, way)  # type: ignore[arg-type]
    else:
        edit = Dequantize(name, parse_blocks(dequant_blocks), way)  # type: ignore[arg-type]
    return Step(edit, tuple(select), allow_empty, expect)


def init(
    select: Texts = (),
    scheme: Texts = (),
    seed: int = 0,
    bias: str | None = None,
    axes: Texts = (),
    allow_empty: bool = False,
    expect: int | None = None,
    *,
    tell: "Callable[[Choice], None] | None" = None,
) -> Step:
    """Values drawn anew.

    Args:
        tell: is told every choice; no word of the verb, as every parameter behind a ``*``.

    Raises:
        UsageError: a scheme that can't be read, or a seed out of range.
    """
    from paramctl.edit.init import Init
    from paramctl.init.rules import parse_rule

    rules = tuple(parse_rule(text) for text in scheme)
    return Step(Init(rules, seed, bias, tuple(axes), tell), tuple(select), allow_empty, expect)


def layers(list: str, at: str | None = None, expect: int | None = None) -> Step:
    """Other numbered layers."""
    from paramctl.edit.layers import Layers

    return Step(Layers(list, at), expect=expect)


def resize(
    select: Texts,
    dim: str,
    multiple_of: int = 1,
    fill: str = "mean",
    seed: int = 0,
    axes: Texts = (),
    allow_shrink: bool = False,
    allow_empty: bool = False,
    expect: int | None = None,
) -> Step:
    """Another size of an axis.

    Raises:
        UsageError: an axis or a scheme that can't be read.
    """
    from paramctl.edit.resize import Resize, parse_dim

    edit = Resize(parse_dim(dim), multiple_of, fill, seed, tuple(axes), allow_shrink)
    return Step(edit, tuple(select), allow_empty, expect)


def _fusing(name: str, about: str) -> Callable[..., Step]:
    """The builder of an edit between a fused tensor and its parts.

    Raises:
        UsageError: no such layout, or heads that can't be.
    """

    def step(
        select: Texts,
        layout: str,
        names: str | None = None,
        heads: int | None = None,
        kv_heads: int | None = None,
        head_dim: int | None = None,
        allow_empty: bool = False,
        expect: int | None = None,
    ) -> Step:
        edit = _edit(name, layout, names, heads, kv_heads, head_dim)
        return Step(edit, tuple(select), allow_empty, expect)

    step.__name__, step.__doc__ = name, about
    return step


split = _fusing("split", "Fused tensors into parts.")
fuse = _fusing("fuse", "Parts into fused tensors.")


def graft(
    select: Texts, from_: Source, allow_empty: bool = False, expect: int | None = None
) -> Step:
    """Tensors of another checkpoint, which stays open until the result is written."""
    from paramctl.edit.graft import Graft

    return Step(Graft(from_), tuple(select), allow_empty, expect)


def reshard(max_shard_size: str | None = None, single: bool = False) -> Step:
    """The same tensors in other files.

    Raises:
        UsageError: both a size and ``single``, or neither; or no size.
    """
    from paramctl.edit.reshard import Reshard, parse_size

    if single == (max_shard_size is not None):
        raise UsageError(
            "reshard takes either --max-shard-size SIZE or --single",
            hint="as in --max-shard-size 2GiB",
        )
    return Step(Reshard(None if max_shard_size is None else parse_size(max_shard_size)))


def meta(set: Texts = (), unset: Texts = ()) -> Step:
    """Other metadata.

    Raises:
        UsageError: nothing to change, or no ``KEY=VALUE``.
    """
    from paramctl.edit.meta import Meta, parse_pair

    if not set and not unset:
        raise UsageError("nothing to write", hint="change something: --set KEY=VALUE, --unset KEY")
    return Step(Meta(tuple(parse_pair(text) for text in set), tuple(unset)))


def lerp(
    from_: Source,
    weight: float,
    select: Texts = (),
    allow_empty: bool = False,
    expect: int | None = None,
) -> Step:
    """``(1 - weight) * ours + weight * theirs``; without a selection of the floating tensors."""
    from paramctl.edit.arithmetic import Lerp

    return Step(Lerp(from_, weight), tuple(select), allow_empty, expect)


def add(
    from_: Source,
    scale: float = 1.0,
    select: Texts = (),
    allow_empty: bool = False,
    expect: int | None = None,
) -> Step:
    """``ours + scale * theirs``; without a selection of the floating tensors."""
    from paramctl.edit.arithmetic import Add

    return Step(Add(from_, scale), tuple(select), allow_empty, expect)


def sub(
    from_: Source,
    scale: float = 1.0,
    select: Texts = (),
    allow_empty: bool = False,
    expect: int | None = None,
) -> Step:
    """``ours - scale * theirs``; without a selection of the floating tensors."""
    return add(from_, -scale, select, allow_empty, expect)


def lora_merge(adapter: Source, expect: int | None = None) -> Step:
    """An adapter into its base; it stays open until the result is written."""
    from paramctl.edit.lora_merge import LoraMerge

    return Step(LoraMerge(adapter), expect=expect)


STEPS = {
    function.__name__.rstrip("_").replace("_", " "): function
    for function in (
        keep, drop, set_, tie, untie, rename, cast, init, layers, resize, split, fuse, transpose,
        graft, reshard, meta, lerp, add, sub, lora_merge,
    )
}  # fmt: skip
