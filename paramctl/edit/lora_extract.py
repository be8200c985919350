"""The difference of two checkpoints as a LoRA adapter."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from paramctl.compute.traffic import expect
from paramctl.dtypes import DTYPES
from paramctl.edit.adapter import CONFIG as ADAPTER_CONFIG
from paramctl.edit.adapter import MODEL, PREFIX, encode_config, is_transposed
from paramctl.edit.content import Made, Stored, encode, rechunk
from paramctl.edit.draft import Draft
from paramctl.edit.layout import one_file
from paramctl.edit.pack import plan_new
from paramctl.edit.plan import EDITS, Edit, Plan, Step
from paramctl.edit.tie import equal
from paramctl.edit.tied_config import is_embedding
from paramctl.edit.write import unchanged
from paramctl.errors import UsageError
from paramctl.formats.content import Block
from paramctl.formats.destination import Destination
from paramctl.formats.write_folder import FolderImage, SideFile, write_folder
from paramctl.manifest import Entry, Manifest
from paramctl.names import counted, show
from paramctl.sources.source import Source

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

_SHOWN = 5
_AT_ONCE = 1 << 19  # elements of each checkpoint


@EDITS.register("lora_extract")
@dataclass(frozen=True)
class LoraExtract(Edit):
    """Factors of the best approximation of rank ``r`` to each changed weight, by its SVD.

        tuned - base = U S V,   B = U sqrt(S),   A = sqrt(S) V,   both cut to r

    Computed in float64 (``low_rank``), stored as F32.

    Attributes:
        base, tuned: the checkpoints; open until the adapter is written.
        rank: at most; a smaller matrix has its own.
        ranks: per module, filled in when the plan is made.

    Source: Eckart & Young 1936.
    """

    base: Source
    tuned: Source
    rank: int
    ranks: dict[str, int] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        if self.rank < 1:
            raise UsageError("--rank takes a whole number from 1 up")

    def pool(self, manifest: Manifest) -> Manifest:
        """The base."""
        return self.base.manifest

    def choose(self, manifest: Manifest, step: Step) -> list[Entry]:
        """The selected weights that differ; others that differ are left out.

        Raises:
            SelectionError: a selection matches nothing.
        """
        theirs = self.tuned.manifest
        found = super().choose(manifest, step)
        stored = [entry for entry in found if not entry.is_alias and entry.name in theirs]
        if found and not stored:
            raise UsageError(
                f"it has none of the {counted(len(found), 'selected tensor')}",
                where=self.tuned.where,
            )
        expect("read", sum(2 * (entry.nbytes or 0) for entry in stored))
        return [entry for entry in stored if self._differs(entry)]

    def apply(self, draft: Draft, chosen: Sequence[Entry]) -> None:
        """Add the two factors of every weight.

        Raises:
            UsageError: no weight differs that an adapter could hold.
        """
        draft.uses(self.base)
        draft.uses(self.tuned)
        fitting = [entry for entry in chosen if self._fits(entry)]
        if not fitting:
            raise UsageError(
                f"no weight of a layer differs among {counted(len(self.base.manifest), 'tensor')}"
            )
        for entry in fitting:
            self._add(draft, entry)
        left = [show(entry.name) for entry in chosen if not self._fits(entry)]
        if left:
            more = f" and {len(left) - _SHOWN} more" if len(left) > _SHOWN else ""
            draft.notes.append(
                f"an adapter can't hold what changed in {', '.join(left[:_SHOWN])}{more}"
            )

    def _add(self, draft: Draft, entry: Entry) -> None:
        module = entry.name.removesuffix(".weight")
        rows, columns = (size or 0 for size in entry.shape)
        if is_transposed(module, self.base.config):
            rows, columns = columns, rows
        rank = self.ranks[module] = min(self.rank, rows, columns)
        known: dict[str, tuple[Array, Array]] = {}
        for side, shape in (("A", (rank, columns)), ("B", (rows, rank))):
            name = f"{PREFIX}{module}.lora_{side}.weight"
            make = partial(self._factor, entry, side, known)
            draft.add(name, "F32", shape, Made(4 * shape[0] * shape[1], make))

    def _factor(
        self, entry: Entry, side: str, known: "dict[str, tuple[Array, Array]]"
    ) -> Iterator[Block]:
        """The bytes of one factor; what is computed for the first is kept for the second."""
        pair = known.pop(entry.name, None)
        if pair is None:
            pair = known[entry.name] = self._factors(entry)
        yield encode(pair[side == "B"], "F32")

    def _factors(self, entry: Entry) -> "tuple[Array, Array]":
        import numpy as np

        from paramctl.edit.low_rank import Matrix, low_rank

        module = entry.name.removesuffix(".weight")
        rows, columns = (size or 0 for size in entry.shape)
        change = Matrix(rows, columns, partial(self._changes, entry))
        left, values, right = low_rank(change, self.ranks[module], entry.name)
        root = np.sqrt(values)
        b, a = left * root, root[:, None] * right
        return (b.T, a.T) if is_transposed(module, self.base.config) else (a, b)

    def _changes(self, entry: Entry) -> "Iterator[Array]":
        """The difference, some rows at a time.

        Raises:
            UsageError: it is not finite.
        """
        import numpy as np

        sides = (self._rows(source, entry.name) for source in (self.base, self.tuned))
        for ours, theirs in zip(*sides, strict=True):
            change = theirs - ours
            if not np.isfinite(change).all():
                raise UsageError("the difference is not finite", where=show(entry.name))
            yield change

    def _rows(self, source: Source, name: str) -> "Iterator[Array]":
        import numpy as np

        entry = source.manifest.canonical(name)
        element, columns = DTYPES[entry.dtype].numpy(), entry.shape[1] or 0
        at_once = max(1, _AT_ONCE // columns) * columns * element.itemsize
        for block in rechunk(source.blocks(entry.name), at_once):
            yield np.frombuffer(block, element).reshape(-1, columns).astype(np.float64)

    def _differs(self, entry: Entry) -> bool:
        other = self.tuned.manifest.canonical(entry.name)
        if (entry.dtype, entry.shape) != (other.dtype, other.shape):
            return True
        return not equal(Stored(self.base, entry.name), Stored(self.tuned, other.name))

    def _fits(self, entry: Entry) -> bool:
        """Whether an adapter can hold its change: a matrix of floats of an ordinary layer."""
        other = self.tuned.manifest[entry.name]
        floats = all(
            DTYPES[one.dtype].family == "float" and DTYPES[one.dtype].array
            for one in (entry, other)
        )
        is_weight = entry.name.endswith(".weight") and not is_embedding(entry.name)
        is_matrix = len(entry.shape) == 2 and 0 not in entry.shape
        return floats and is_weight and is_matrix and entry.shape == other.shape


def plan_extract(
    edit: LoraExtract, selections: Sequence[str], *, allow_empty: bool = False
) -> Plan:
    """The plan of an adapter."""
    return plan_new(Step(edit, tuple(selections), allow_empty))


def write_adapter(edit: LoraExtract, plan: Plan, place: Destination) -> None:
    """Write an adapter's folder, whole or not at all.

    Raises:
        CheckpointError: an input changed while it was read.
        ResourceError: the disk is full or fails.
    """
    flipped = any(is_transposed(module, edit.base.config) for module in edit.ranks)
    text = encode_config(edit.ranks, edit.rank, transposed=flipped)
    side = SideFile(ADAPTER_CONFIG, text)
    write_folder(place, FolderImage((one_file(plan.draft, MODEL),), (side,)), unchanged(plan.draft))
