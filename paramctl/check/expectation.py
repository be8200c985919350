"""What a user expects of some tensors: how many there are, of which dtype, shape and figures."""

from collections.abc import Iterator
from dataclasses import dataclass

from paramctl.check.finding import Severity
from paramctl.figures.condition import Condition
from paramctl.manifest import Entry, Manifest, Shape
from paramctl.select.choose import choose

Count = tuple[int, int | None]
Told = tuple[Entry, str]  # a tensor and what is wrong with it


@dataclass(frozen=True)
class Expectation:
    """One assertion over the tensors of a selection; what is not given is not asserted.

    Attributes:
        select: selections, a union; every stored tensor without any.
        where: its place, such as ``rules.yaml:3``, for messages.
        severity, hint: of its findings.
        count: how many names there must be, fewest and most; most may be open.
        dtypes: the dtypes a tensor may have; empty allows all.
        shape: the sizes, ``None`` for any; ``None`` as a whole allows all shapes.
        condition: what must hold of each tensor's figures.
    """

    select: tuple[str, ...]
    where: str
    severity: Severity = "error"
    hint: str = ""
    count: Count | None = None
    dtypes: tuple[str, ...] = ()
    shape: Shape | None = None
    condition: Condition | None = None

    @property
    def title(self) -> str:
        """Its selections as they were written."""
        return " ".join(self.select) or "every tensor"

    def chosen(self, manifest: Manifest, shards: list[str]) -> list[Entry]:
        """The tensors that it is about, aliases too where they were selected.

        Raises:
            SelectionError: a selection asks what the checkpoint can't answer.
        """
        found = choose(manifest, self.select, allow_empty=True, shards=shards)
        return found if self.select else [entry for entry in found if not entry.is_alias]

    def miscounted(self, found: int) -> str:
        """What is wrong with a number of tensors; empty when nothing is."""
        fewest, most = self.count or (1, None)
        if fewest <= found and (most is None or found <= most):
            return ""
        if self.count is None:
            return f"'{self.title}' selects nothing"
        return f"'{self.title}' selects {found:,}, expected {_range(fewest, most)}"

    def retyped(self, entries: list[Entry]) -> Iterator[Told]:
        """The tensors of another dtype."""
        for entry in entries:
            if self.dtypes and entry.dtype not in self.dtypes:
                yield entry, f"expected dtype {' or '.join(self.dtypes)}, found {entry.dtype}"

    def reshaped(self, entries: list[Entry]) -> Iterator[Told]:
        """The tensors of another shape."""
        for entry in entries:
            if self.shape is not None and not _fits(self.shape, entry.shape):
                yield entry, f"expected shape {_text(self.shape)}, found {_text(entry.shape)}"


def _fits(wanted: Shape, found: Shape) -> bool:
    pairs = zip(wanted, found, strict=False)
    return len(wanted) == len(found) and all(size in (None, other) for size, other in pairs)


def _text(shape: Shape) -> str:
    return f"[{','.join('any' if size is None else str(size) for size in shape)}]"


def _range(fewest: int, most: int | None) -> str:
    if most is None:
        return f"{fewest:,} or more"
    return f"{fewest:,}" if fewest == most else f"{fewest:,} to {most:,}"
