"""The order of a list of tensors."""

from collections.abc import Callable, Sequence
from typing import Any

from paramctl.columns import Columns
from paramctl.errors import UsageError
from paramctl.listing.order import natural_places
from paramctl.manifest import Entry
from paramctl.names import near

# Sizes begin with the largest; unknown ones come last, and so do aliases in the order of files.
_KEYS: dict[str, Callable[[Entry], Any]] = {
    "name": lambda entry: (),
    "dtype": lambda entry: entry.dtype,
    "shape": lambda entry: (len(entry.shape), [size or 0 for size in entry.shape]),
    "numel": lambda entry: -(entry.numel or 0),
    "nbytes": lambda entry: -(stored_bytes(entry) or 0),
    "shard": lambda entry: (entry.shard < 0, entry.shard),
    "file": lambda entry: (entry.shard < 0, entry.shard, entry.start, entry.stop),
}
ORDERS = tuple(_KEYS)


def ordered(entries: Sequence[Entry], by: str = "name") -> Columns:
    """Entries in an order of ``ORDERS``; equal ones in natural order of their names.

    Raises:
        UsageError: there is no such order.
    """
    if by not in _KEYS:
        similar = near(by, ORDERS)
        hint = f"did you mean {similar[0]}?" if similar else f"orders are {', '.join(ORDERS)}"
        raise UsageError(f"no order named '{by}'", hint=hint)
    columns = Columns.of(entries)
    by_name = columns.picked(natural_places(columns.names))
    return by_name if by == "name" else Columns.of(sorted(by_name, key=_KEYS[by]))


def stored_bytes(entry: Entry) -> int | None:
    """Bytes that the name itself adds to a file: none for an alias."""
    return 0 if entry.is_alias else entry.nbytes
