"""A LoRA adapter into its base, row by row."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from paramctl.dtypes import DTYPES
from paramctl.edit.adapter import Adapter, Pair, is_transposed, read_adapter
from paramctl.edit.config import config_now
from paramctl.edit.content import Made, Stored, encode, rechunk
from paramctl.edit.draft import Draft
from paramctl.edit.plan import EDITS, Edit, Step
from paramctl.edit.tied_config import is_output
from paramctl.errors import SelectionError, UsageError
from paramctl.formats.content import BLOCK, Block, Content
from paramctl.manifest import Entry, Manifest
from paramctl.names import show
from paramctl.select.choose import counted
from paramctl.sources.source import Source

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


class Change(NamedTuple):
    """``W + scale * left @ right``; the factors are transposed where ``flipped``."""

    pair: Pair
    flipped: bool


@EDITS.register("lora_merge")
@dataclass(frozen=True)
class LoraMerge(Edit):
    """Add each pair's product to the weight of its module, in float32, rounded once.

    Tensors that the adapter holds as a whole replace those of the base.

    Attributes:
        adapter: its source; open until the result is written.
    """

    adapter: Source

    def choose(self, manifest: Manifest, step: Step) -> list[Entry]:
        """The entries that the adapter changes.

        Raises:
            UsageError: one is not there.
            SelectionError: not as many as expected.
        """
        read = read_adapter(self.adapter)
        names = [_weight(manifest, pair.module) for pair in read.pairs]
        names += [_found(manifest, name) for name in read.whole]
        found = [manifest[name] for name in dict.fromkeys(names)]
        if step.expect is not None and len(found) != step.expect:
            raise SelectionError(
                f"selected {counted(len(found), manifest)}, expected {step.expect}"
            )
        return found

    def apply(self, draft: Draft, chosen: Sequence[Entry]) -> None:
        """Merge it.

        Raises:
            UsageError: a module's weight has another shape, or no floats.
        """
        read = read_adapter(self.adapter)
        draft.uses(self.adapter)
        for pair in read.pairs:
            entry = draft.manifest.canonical(_weight(draft.manifest, pair.module))
            _expect_floats(entry)
            change = Change(pair, _is_flipped(read, pair, entry, config_now(draft)))
            make = partial(_blocks, self.adapter, change, entry, draft.content(entry.name))
            draft.put(entry.name, Made(entry.nbytes or 0, make))
            tied = [group for group in draft.manifest.ties if entry.name in group]
            draft.notes += [
                f"{', '.join(map(show, group))} are one tensor and all change" for group in tied
            ]
        for name, new in read.whole.items():
            found = _found(draft.manifest, name)
            draft.put(found, Stored(self.adapter, new.name), dtype=new.dtype, shape=new.shape)


def _blocks(adapter: Source, change: Change, entry: Entry, old: Content) -> Iterator[Block]:
    import numpy as np

    from paramctl.edit.rounding import narrow, widen

    left, right = _factors(adapter, change)
    element = DTYPES[entry.dtype].numpy()
    width = right.shape[1]
    row = max(1, width * element.itemsize)
    start = 0
    for block in rechunk(old.blocks(), max(1, BLOCK // row) * row):
        values = widen(np.frombuffer(block, element).reshape(-1, width), entry.dtype)
        product = left[start : start + len(values)] @ right
        start += len(values)
        yield encode(
            narrow(values + product * product.dtype.type(change.pair.scale), entry.dtype),
            entry.dtype,
        )


def _factors(adapter: Source, change: Change) -> "tuple[Array, Array]":
    """Two matrices whose product is the change of the weight as it is stored, without its scale."""
    import numpy as np

    a, b = (
        adapter.array(entry.name).astype(np.float32) for entry in (change.pair.a, change.pair.b)
    )
    return (a.T, b.T) if change.flipped else (b, a)


def _is_flipped(adapter: Adapter, pair: Pair, entry: Entry, config: dict[str, Any]) -> bool:
    """Whether the weight is stored as ``(in, out)``.

    Raises:
        UsageError: the pair fits it neither way.
    """
    straight = (pair.b.shape[0], pair.a.shape[1])
    is_head = is_output(f"{pair.module}.weight")
    flipped = pair.is_embedding or is_transposed(pair.module, config)
    flipped = flipped or (adapter.is_transposed and not is_head)
    fitting = [
        way
        for way in (flipped, not flipped)
        if entry.shape == (straight[::-1] if way else straight)
    ]
    if not fitting:
        raise UsageError(
            f"the adapter changes {list(straight)}, the weight is {list(entry.shape)}",
            where=show(entry.name),
        )
    return fitting[0]


def _weight(manifest: Manifest, module: str) -> str:
    return _found(manifest, f"{module}.weight")


def _found(manifest: Manifest, name: str) -> str:
    """The name as the base has it: with or without its first segment."""
    if name in manifest:
        return name
    short = name.partition(".")[2]
    if short in manifest:
        return short
    longer = [entry.name for entry in manifest if entry.name.endswith(f".{name}")]
    return longer[0] if len(longer) == 1 else manifest[name].name


def _expect_floats(entry: Entry) -> None:
    if DTYPES[entry.dtype].family != "float" or not DTYPES[entry.dtype].array:
        raise UsageError(
            f"an adapter is added to floats, this is {entry.dtype}", where=show(entry.name)
        )
