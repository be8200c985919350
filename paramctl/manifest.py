"""What a checkpoint or a model holds, without a number: entries in order, and their ties."""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property, lru_cache
from typing import NamedTuple

from paramctl.columns import Columns
from paramctl.dtypes import DTYPES
from paramctl.errors import UsageError
from paramctl.names import near, show

Shape = tuple[int | None, ...]
Described = Mapping[str, tuple[str | None, str | None]]

_BUFFERS = re.compile(r"(?:.*\.)?(?:running_[^.]*|num_batches_tracked|inv_freq|[^.]*_ids)\Z", re.S)


class Entry(NamedTuple):
    """One name of a checkpoint or model.

    Attributes:
        name: the dotted name, any text.
        dtype: the format's name of the element type.
        shape: sizes, ``None`` where one is not known yet.
        kind: ``parameter``, ``buffer`` or ``constant``.
        tied_to: the canonical name whose tensor this name shares; ``None`` for a stored tensor.
        shard: index into the source's files; -1 where nothing is stored.
        start, stop: absolute byte offsets in that file.
        module_type, role: the layer type (``Linear``) and role (``norm``), where a spec gave them.
    """

    name: str
    dtype: str
    shape: Shape
    kind: str = "parameter"
    tied_to: str | None = None
    shard: int = 0
    start: int = 0
    stop: int = 0
    module_type: str | None = None
    role: str | None = None

    @property
    def numel(self) -> int | None:
        """Number of elements; ``None`` while a size is unknown."""
        return _count(self.shape)

    @property
    def nbytes(self) -> int | None:
        """Bytes of the tensor, whichever name holds it; ``None`` while a size is unknown."""
        count = self.numel
        return None if count is None else count * DTYPES[self.dtype].bits // 8

    @property
    def is_alias(self) -> bool:
        """Whether another name holds the tensor."""
        return self.tied_to is not None


@lru_cache(maxsize=4096)  # the tensors of a model have few shapes
def _count(shape: Shape) -> int | None:
    return None if None in shape else math.prod(shape)  # type: ignore[arg-type]


class Manifest:
    """The ordered entries of a checkpoint or model, stored tensors and aliases alike.

    Attributes:
        describe: finds module type and role by name where the entries don't say, at some cost;
            ``None`` where nobody knows.

    Args:
        are_distinct: whether the names are known to differ, so that nobody has to look.

    Raises:
        ValueError: two entries have one name (a reader finds that earlier, with a place).
    """

    def __init__(
        self,
        entries: Iterable[Entry],
        metadata: dict[str, str] | None = None,
        *,
        are_distinct: bool = False,
    ) -> None:
        self._given = entries if isinstance(entries, Columns) else tuple(entries)
        self.metadata = dict(metadata or {})
        self.describe: Callable[[], Described] | None = None
        if not are_distinct and len(self._by_name) != len(self._given):
            raise ValueError("a manifest has one entry per name")

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """The entries, each an object."""
        return self._given.entries if isinstance(self._given, Columns) else self._given

    @cached_property
    def columns(self) -> Columns:
        """The same entries column by column, for who needs no object of each."""
        return Columns.of(self._given)

    @cached_property
    def _by_name(self) -> dict[str, Entry]:
        return {entry[0]: entry for entry in self.entries}

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self._given)

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __getitem__(self, name: str) -> Entry:
        """The entry of a name.

        Raises:
            UsageError: there is none; the hint offers near names.
        """
        try:
            return self._by_name[name]
        except KeyError:
            similar = ", ".join(show(other) for other in near(name, self._by_name))
            raise UsageError(
                f"no tensor named '{show(name)}'",
                hint=f"near names: {similar}" if similar else "",
            ) from None

    def known(self, names: Iterable[str]) -> set[str]:
        """Those of a few names that are there; needs no table of all."""
        return set(names).intersection(self.columns.names)

    def get(self, name: str) -> Entry | None:
        """The entry of a name, or ``None``."""
        return self._by_name.get(name)

    @property
    def names(self) -> list[str]:
        """All names, aliases included, in order."""
        return list(self.columns.names)

    @property
    def stored(self) -> list[Entry]:
        """The entries that hold a tensor of their own, in order."""
        return [entry for entry in self.entries if entry.tied_to is None]

    def canonical(self, name: str) -> Entry:
        """The stored entry behind a name: itself, or the one it is tied to."""
        entry = self[name]
        return entry if entry.tied_to is None else self[entry.tied_to]

    @property
    def ties(self) -> list[list[str]]:
        """Groups of names that share one tensor, the canonical name first."""
        groups: dict[str, list[str]] = {}
        for name, alike in zip(self.columns.names, self.columns.alike, strict=True):
            if (kept := alike[3]) is not None:
                groups.setdefault(kept, [kept]).append(name)
        return list(groups.values())


def guess_kind(name: str, dtype: str) -> str:
    """``buffer`` or ``parameter`` where no spec says: by usual names; integers are buffers."""
    if DTYPES[dtype].family in ("bool", "int", "uint") or _BUFFERS.match(name):
        return "buffer"
    return "parameter"
