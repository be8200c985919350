"""A LoRA or DoRA adapter into its base."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from paramctl.dtypes import DTYPES
from paramctl.edit.adapter import Adapter, Pair, is_transposed, read_adapter
from paramctl.edit.config import config_now
from paramctl.edit.content import Made, Stored
from paramctl.edit.draft import Draft
from paramctl.edit.plan import EDITS, Edit, Step
from paramctl.edit.tied_config import is_output
from paramctl.errors import UsageError
from paramctl.manifest import Entry, Manifest
from paramctl.names import show
from paramctl.sources.source import Source


@EDITS.register("lora_merge")
@dataclass(frozen=True)
class LoraMerge(Edit):
    """Add each pair's product to the weight of its module, in float32, rounded once.

    Tensors that the adapter holds as a whole replace those of the base before that: beside the
    factors of an embedding PEFT keeps the embedding too.

    Attributes:
        adapter: its source; open until the result is written.
    """

    adapter: Source

    def choose(self, manifest: Manifest, step: Step) -> list[Entry]:
        """The entries that the adapter changes.

        Raises:
            UsageError: one is not there.
        """
        read = read_adapter(self.adapter)
        names = [_weight(manifest, pair.module) for pair in read.pairs]
        names += [_found(manifest, f"{pair.module}.bias") for pair in read.pairs if pair.bias]
        names += [_found(manifest, name) for name in read.whole]
        return [manifest[name] for name in dict.fromkeys(names)]

    def apply(self, draft: Draft, chosen: Sequence[Entry]) -> None:
        """Merge it.

        Raises:
            UsageError: a module's weight has another shape, or no floats.
        """
        read = read_adapter(self.adapter)
        draft.uses(self.adapter)
        for name, new in read.whole.items():
            found = _found(draft.manifest, name)
            draft.put(found, Stored(self.adapter, new.name), dtype=new.dtype, shape=new.shape)
        for pair in read.pairs:
            self._merge(draft, read, pair)
            if pair.bias is not None:
                self._shift(draft, pair, pair.bias)

    def _merge(self, draft: Draft, read: Adapter, pair: Pair) -> None:
        from paramctl.edit.lora_values import Merged

        entry = draft.manifest.canonical(_weight(draft.manifest, pair.module))
        _expect_floats(entry)
        flipped = _is_flipped(read, pair, entry, config_now(draft))
        _expect_lengths(pair, entry, flipped)
        merged = Merged(self.adapter, pair, entry, draft.content(entry.name), flipped)
        draft.put(entry.name, Made(entry.nbytes or 0, merged.blocks))
        tied = [group for group in draft.manifest.ties if entry.name in group]
        draft.notes += [
            f"{', '.join(map(show, group))} are one tensor and all change" for group in tied
        ]

    def _shift(self, draft: Draft, pair: Pair, bias: Entry) -> None:
        from paramctl.edit.lora_values import Shifted

        entry = draft.manifest.canonical(_found(draft.manifest, f"{pair.module}.bias"))
        _expect_floats(entry)
        if entry.shape != bias.shape:
            raise UsageError(
                f"the adapter changes {list(bias.shape)}, the bias is {list(entry.shape)}",
                where=show(entry.name),
            )
        shifted = Shifted(self.adapter, pair, entry, draft.content(entry.name))
        draft.put(entry.name, Made(entry.nbytes or 0, shifted.blocks))


def _is_flipped(adapter: Adapter, pair: Pair, entry: Entry, config: dict[str, Any]) -> bool:
    """Whether the weight is stored as ``(in, out)``.

    Raises:
        UsageError: the pair fits it neither way.
    """
    straight = pair.shape
    is_head = is_output(f"{pair.module}.weight")
    flipped = pair.is_embedding or is_transposed(pair.module, config)
    flipped = flipped or (adapter.is_transposed and not is_head)
    fitting = [
        way
        for way in (flipped, not flipped)
        if entry.shape == (straight[::-1] if way else straight) and (not way or len(straight) == 2)
    ]
    if not fitting:
        raise UsageError(
            f"the adapter changes {list(straight)}, the weight is {list(entry.shape)}",
            where=show(entry.name),
        )
    return fitting[0]


def _expect_lengths(pair: Pair, entry: Entry, flipped: bool) -> None:
    """Make sure that DoRA has a length for every output."""
    if pair.magnitude is None:
        return
    outputs = entry.shape[1 if flipped else 0]
    if pair.magnitude.numel != outputs:
        raise UsageError(
            f"lora_magnitude_vector is {list(pair.magnitude.shape)}, the weight has {outputs} "
            "outputs",
            where=show(entry.name),
        )


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
