"""The same values in another dtype, with every loss counted."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar

from paramctl.dtypes import DTYPES
from paramctl.edit.cast_values import Losses, OnOverflow, cast
from paramctl.edit.content import Made, arrays, encode
from paramctl.edit.draft import Draft
from paramctl.edit.floating import Floating
from paramctl.edit.plan import EDITS
from paramctl.errors import FoundError, UsageError
from paramctl.formats.content import Block, Content
from paramctl.formats.parts import Cut, can_be_cut
from paramctl.manifest import Entry
from paramctl.names import show

_CONFIG_KEYS = ("torch_dtype", "dtype")
_SHOWN = 10


@EDITS.register("cast")
@dataclass(frozen=True)
class Cast(Floating):
    """Round the values of the chosen tensors to another dtype; without a selection the floats.

    Attributes:
        dtype: the format's name of the new dtype.
        on_overflow: what becomes of a finite value that is too large: ``error`` writes
            nothing, ``inf`` makes it Inf (NaN where the dtype has no Inf), ``clamp`` the
            largest value.
    """

    dtype: str
    on_overflow: OnOverflow = "error"
    purpose: ClassVar[str] = "to cast"

    def __post_init__(self) -> None:
        DTYPES[self.dtype].numpy()
        if self.on_overflow == "inf" and DTYPES[self.dtype].family not in ("float", "complex"):
            raise UsageError(f"{self.dtype} has no Inf", hint="use --on-overflow clamp")

    def apply(self, draft: Draft, chosen: Sequence[Entry]) -> None:
        """Cast every stored tensor behind the chosen names once.

        Raises:
            UsageError: complex numbers to a real dtype, or a dtype that has no arrays.
        """
        tally = Tally(self.dtype, self.on_overflow)
        for name in dict.fromkeys(entry.tied_to or entry.name for entry in chosen):
            entry = draft.entry(name)
            if entry.dtype == self.dtype:
                continue
            self._check(entry)
            after = entry._replace(dtype=self.dtype)
            old = draft.content(name)
            part = partial(_between, tally, entry, old) if can_be_cut(old) else None
            content = Made(after.nbytes or 0, partial(_blocks, tally, entry, old), part)
            draft.put(name, content, dtype=self.dtype, action="cast")
        draft.ledgers.append(tally)
        draft.checks.append(partial(tally.judge, draft))
        tell_dtype(draft, self.dtype)

    def _check(self, entry: Entry) -> None:
        DTYPES[entry.dtype].numpy()
        if DTYPES[entry.dtype].family == "complex" and DTYPES[self.dtype].family != "complex":
            raise UsageError(f"complex numbers don't go into {self.dtype}", where=show(entry.name))


def tell_dtype(draft: Draft, dtype: str) -> None:
    """Keep the dtype that config.json states true, where all floating tensors have one."""
    dtypes = {e.dtype for e in draft.manifest.stored if DTYPES[e.dtype].is_floating}
    config = draft.source.config or {}
    if dtypes == {dtype}:
        for key in _CONFIG_KEYS:
            if isinstance(config.get(key), str):
                draft.config[key] = DTYPES[dtype].array


@dataclass
class Tally:
    """What the tensors of one cast lost while they were written.

    Attributes:
        dtype, on_overflow: those of the cast.
        done: what was done to them, for the note.
        losses: what each lost, by its name and the byte that a part of it begins with.
    """

    dtype: str
    on_overflow: OnOverflow
    done: str = "cast"
    losses: dict[tuple[str, int], Losses] = field(default_factory=dict)

    def news(self) -> dict[tuple[str, int], Losses]:
        """What tensors, or parts of them, lost in this process."""
        return self.losses

    def hear(self, news: dict[tuple[str, int], Losses]) -> None:
        """Take in what was lost in another process; the same part may have been made twice."""
        self.losses.update(news)

    def __reduce__(self) -> "tuple[type[Tally], tuple[str, str, str]]":
        return Tally, (self.dtype, self.on_overflow, self.done)  # who gets it begins anew

    def start(self, name: str, first: int = 0) -> Losses:
        """The losses of a tensor from a byte on, from nothing: it may be made more than once."""
        found = self.losses[name, first] = Losses()
        return found

    def by_name(self) -> dict[str, Losses]:
        """What each tensor lost as a whole."""
        found: dict[str, Losses] = {}
        for (name, _), lost in self.losses.items():
            found.setdefault(name, Losses()).__iadd__(lost)
        return found

    def judge(self, draft: Draft) -> None:
        """Say what was lost.

        Raises:
            FoundError: something overflowed and nobody said what to do; nothing is written.
        """
        losses, total = self.by_name(), Losses()
        over = {name: lost for name, lost in losses.items() if lost.overflow}
        for lost in losses.values():
            total += lost
        if over and self.on_overflow == "error":
            lines = [f"{show(name)}: {lost}" for name, lost in list(over.items())[:_SHOWN]]
            if len(over) > _SHOWN:
                lines.append(f"and {len(over) - _SHOWN} more")
            values = "1 value is" if total.overflow == 1 else f"{total.overflow} values are"
            raise FoundError(
                "\n  ".join([f"{values} too large for {self.dtype}", *lines]),
                hint="--on-overflow clamp or --on-overflow inf writes them all the same",
            )
        count = len(losses)
        tensors = "1 tensor" if count == 1 else f"{count} tensors"
        draft.notes.append(f"{self.done} {tensors} to {self.dtype}: {total}")


def _between(tally: Tally, entry: Entry, old: Content, start: int, stop: int) -> Iterator[Block]:
    """The cast of some bytes; places are those of the result, which is cut at whole elements."""
    before, after = DTYPES[entry.dtype].bits, DTYPES[tally.dtype].bits
    return _blocks(tally, entry, Cut(old, start * before // after, stop * before // after), start)


def _blocks(tally: Tally, entry: Entry, old: Content, start: int = 0) -> Iterator[Block]:
    lost = tally.start(entry.name, start)
    for values in arrays(old, entry.dtype):
        found, losses = cast(values, entry.dtype, tally.dtype, tally.on_overflow)
        lost += losses
        yield encode(found, tally.dtype)
