"""What splitting and fusing share: their options, and which of the selected tensors they take."""

from abc import abstractmethod
from dataclasses import dataclass

from paramctl.edit.fused import Fusion
from paramctl.edit.layouts import Heads, find_layout, parse_names
from paramctl.edit.plan import Edit, Step
from paramctl.errors import SelectionError, UsageError
from paramctl.manifest import Entry, Manifest
from paramctl.select.choose import counted


@dataclass(frozen=True)
class Fusing(Edit):
    """An edit between a fused tensor and its parts.

    Attributes:
        layout: its name.
        names: ``FUSED=PART,PART`` in place of the layout's names.
        heads, kv_heads, head_dim: of the attention, in place of what config.json says.

    Raises:
        UsageError: no such layout, or heads of keys without heads.
    """

    layout: str
    names: str | None = None
    heads: int | None = None
    kv_heads: int | None = None
    head_dim: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "fusion", self._fusion())

    @property
    def how(self) -> Fusion:
        """Names, axis and order."""
        found: Fusion = self.fusion  # type: ignore[attr-defined]
        return found

    @abstractmethod
    def takes(self, name: str) -> bool:
        """Whether the layout has such a name on the side that the edit starts from."""

    def choose(self, manifest: Manifest, step: Step) -> list[Entry]:
        """The selected entries whose names the layout knows.

        Raises:
            SelectionError: there are none.
        """
        selected = super().choose(manifest, step)
        found = [entry for entry in selected if self.takes(entry.name)]
        if selected and not found and not step.allow_empty:
            known = "; ".join(" ".join((fused, *parts)) for fused, parts in self.how.names)
            raise SelectionError(
                f"{counted(len(selected), manifest)} selected, none with a name of the layout "
                f"{self.layout}",
                hint=f"names are {known}; tell others by --names FUSED=PART,PART",
            )
        return found

    def _fusion(self) -> Fusion:
        layout = find_layout(self.layout)
        rows = (parse_names(self.names),) if self.names is not None else ()
        for _, parts in rows:
            if len(parts) != len(layout.names[0][1]):
                count = len(layout.names[0][1])
                raise UsageError(f"the layout {self.layout} has {count} parts, not {len(parts)}")
        if self.heads is None:
            if self.kv_heads is not None or self.head_dim is not None:
                raise UsageError("--kv-heads and --head-dim go with --heads")
            return Fusion(layout, rows)
        keys = self.heads if self.kv_heads is None else self.kv_heads
        if self.heads < 1 or keys < 1 or self.heads % keys:
            raise UsageError(f"{self.heads} heads can't share {keys} heads of keys and values")
        return Fusion(layout, rows, Heads(self.heads, keys, self.head_dim, "--heads"))
