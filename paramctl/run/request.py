"""What a run is asked for, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from paramctl.errors import UsageError
from paramctl.run.finite import Nonfinite
from paramctl.run.given import Given
from paramctl.run.gradients import Gradient
from paramctl.run.held import HeldArray
from paramctl.run.lockstep import Parting
from paramctl.run.trace import Row

DTYPES = ("float32", "float64", "bfloat16")
LOSSES = ("sum", "mean", "mse")


@dataclass(frozen=True)
class Request:
    """One run.

    Attributes:
        spec, model: at least one; the family of ``config.json`` stands for a missing spec, and
            random tensors stand for a missing model.
        overrides: values of config names.
        given: what the user said about each input.
        shape: of random values for every other input without a default.
        schemes: rules by which the tensors of a spec alone are drawn.
        compare: another model to run on the same inputs.
        expect: a file with the outputs that are wanted.
        tolerance: how far values may lie apart, absolute.
        target: a file with the targets of ``mse``.
    """

    spec: str | None = None
    model: str | None = None
    overrides: Mapping[str, Any] = field(default_factory=dict)
    given: Mapping[str, Given] = field(default_factory=dict)
    shape: tuple[int, ...] | None = None
    seed: int = 0
    schemes: tuple[str, ...] = ()
    bias: str | None = None
    device: str = "cpu"
    dtype: str = "float32"
    trace: bool = False
    compare: str | None = None
    expect: Path | None = None
    tolerance: float = 1e-4
    loss: str | None = None
    target: Path | None = None
    save: Path | None = None
    save_gradients: Path | None = None
    force: bool = False

    def __post_init__(self) -> None:
        if self.dtype not in DTYPES:
            raise UsageError(f"--dtype takes {', '.join(DTYPES)}, not '{self.dtype}'")
        if self.loss is not None and self.loss not in LOSSES:
            raise UsageError(f"--backward takes {', '.join(LOSSES)}, not '{self.loss}'")
        if not 0 <= self.tolerance < float("inf"):
            raise UsageError(f"--tol is a number from 0, not {self.tolerance}")
        if self.loss == "mse" and self.target is None:
            raise UsageError("mse needs a target", hint="--target FILE with the wanted outputs")
        if self.target is not None and self.loss != "mse":
            raise UsageError("--target is for --backward mse")
        if self.save_gradients is not None and self.loss is None:
            raise UsageError("--save-grads needs --backward sum, mean or mse")
        if self.compare is not None and self.device == "both":
            raise UsageError("--compare and --device both are two comparisons", hint="run twice")
        if self.model is not None and self.schemes:
            raise UsageError(
                "--scheme draws the tensors of a SPEC that stands alone",
                hint="`paramctl init MODEL --scheme …` re-initializes a checkpoint",
            )


@dataclass
class Result:
    """What came of a run.

    Attributes:
        device: where it ran; both names for ``both``.
        trace: one row per module, where asked for.
        gradients: by parameter, ``None`` for one that never took part, where asked for.
        difference: where two runs, or the outputs and the expected ones, part first.
        compared: how many outputs were compared, with another run or with expected ones.
        nan: the first module that made a NaN.
        inf: the first module that made an Inf; no fault where the outputs are finite.
        notes: what a user should be warned of.
    """

    device: str
    outputs: dict[str, HeldArray]
    trace: list[Row] | None = None
    gradients: dict[str, Gradient | None] | None = None
    difference: Parting | None = None
    compared: int = 0
    nan: Nonfinite | None = None
    inf: Nonfinite | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def is_finite(self) -> bool:
        """Whether no NaN was made, and no Inf reached an output."""
        figures = [held.figures for held in self.outputs.values()]
        return self.nan is None and not any(found.nan or found.inf for found in figures)

    @property
    def is_good(self) -> bool:
        """Whether there is nothing to report as found."""
        return self.is_finite and self.difference is None
