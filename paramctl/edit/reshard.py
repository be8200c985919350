"""The same tensors spread over files anew."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from paramctl.edit.draft import Draft
from paramctl.edit.plan import EDITS, Edit
from paramctl.errors import UsageError
from paramctl.formats.folder import SINGLE
from paramctl.manifest import Entry
from paramctl.names import show
from paramctl.select.fields import BYTES

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([A-Za-z]*)")


@dataclass(frozen=True)
class Share:
    """The tensors of one file."""

    names: tuple[str, ...]
    nbytes: int


@EDITS.register("reshard")
@dataclass(frozen=True)
class Reshard(Edit):
    """Files of at most so many bytes of tensors, filled in order; order and ties stay.

    Attributes:
        most: bytes of tensors per file; a larger tensor has a file of its own. ``None`` puts
            everything into one.
    """

    is_selective = False

    most: int | None = None

    def __post_init__(self) -> None:
        if self.most is not None and self.most < 1:
            raise UsageError("a shard of 0 bytes holds nothing")

    def apply(self, draft: Draft, chosen: Sequence[Entry]) -> None:
        """Lay the files out."""
        shares = divide(draft.manifest.stored, self.most)
        draft.lay_out([share.names for share in shares], shard_names(len(shares)))


def divide(entries: Sequence[Entry], most: int | None) -> list[Share]:
    """The entries in order, cut where a file would become larger than ``most`` bytes.

    Source: huggingface_hub, ``split_state_dict_into_shards``, which puts tensors that are too
    large for a file before the others; here the order stays.
    """
    shares: list[Share] = []
    names: list[str] = []
    total = 0
    for entry in entries:
        size = entry.nbytes or 0
        if names and most is not None and total + size > most:
            shares.append(Share(tuple(names), total))
            names, total = [], 0
        names.append(entry.name)
        total += size
    return [*shares, Share(tuple(names), total)]


def shard_names(count: int) -> list[str]:
    """``model-00001-of-00003.safetensors`` and so on; one file alone is ``model.safetensors``."""
    if count == 1:
        return [SINGLE]
    return [f"model-{n:05d}-of-{count:05d}.safetensors" for n in range(1, count + 1)]


def parse_size(text: str) -> int:
    """Bytes from ``2GiB``, ``500MB`` or ``4096``.

    Raises:
        UsageError: no such size.
    """
    match = _SIZE.fullmatch(text.strip())
    unit = BYTES.get(match[2].lower()) if match else None
    if match is None or unit is None:
        raise UsageError(f"'{show(text)}' is no size", hint="sizes are like 2GiB, 500MB or 4096")
    return int(Fraction(match[1]) * unit)
