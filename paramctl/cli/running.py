"""The options of a run: its inputs, what to watch, what to compare with, what to save."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from paramctl.run.request import Request


def _option(flag: str, metavar: str, text: str) -> Any:
    return typer.Option(flag, metavar=metavar, help=text)


@dataclass(frozen=True)
class Running:
    """How a model is run."""

    inputs: Annotated[
        list[str] | None,
        _option("--input", "NAME=WHAT", "x=x.npy, x=x.safetensors, x=2x20 (random), x=ones:2x20, "
                "x=zeros:2x20 or x=[1,2,3]."),
    ] = None  # fmt: skip
    random: Annotated[
        str | None,
        _option("--random", "SHAPE", "Random values for all inputs without a default."),
    ] = None
    seed: Annotated[int, _option("--seed", "N", "Of random inputs and drawn tensors.")] = 0
    settings: Annotated[
        list[str] | None, _option("--set", "NAME=VALUE", "Override a config name of the spec.")
    ] = None
    scheme: Annotated[
        list[str] | None,
        _option("--scheme", "[SELECT=]SCHEME", "How the tensors of a SPEC alone are drawn."),
    ] = None
    bias: Annotated[str | None, _option("--bias", "SCHEME|default", "And its biases.")] = None
    save: Annotated[Path | None, _option("--save", "FILE", "Write the outputs.")] = None
    trace: Annotated[bool, typer.Option("--trace", help="One row per module.")] = False
    compare: Annotated[
        str | None,
        _option("--compare", "MODEL2", "Run it too; name the first module that differs."),
    ] = None
    expect: Annotated[Path | None, _option("--expect", "FILE", "Compare with saved outputs.")] = (
        None
    )
    tolerance: Annotated[
        float, _option("--tol", "X", "How far values may lie apart, absolute.")
    ] = 1e-4
    backward: Annotated[
        str | None,
        _option("--backward", "sum|mean|mse", "Also compute gradients: of the sum, the mean or "
                "the squared error over all float outputs."),
    ] = None  # fmt: skip
    target: Annotated[Path | None, _option("--target", "FILE", "What mse compares with.")] = None
    save_grads: Annotated[Path | None, _option("--save-grads", "FILE", "Write the gradients.")] = (
        None
    )
    device: Annotated[str, _option("--device", "DEVICE", "cpu, cuda, cuda:1, auto or both.")] = (
        "cpu"
    )
    dtype: Annotated[str, _option("--dtype", "DTYPE", "float32, float64 or bfloat16.")] = "float32"
    force: Annotated[
        bool, typer.Option("--force", help="Replace a file to save to that is there.")
    ] = False

    def request(self, spec: str | None, model: str | None) -> "Request":
        """The request that the options spell, for a spec and a model.

        Raises:
            UsageError: one can't be read, or two contradict each other.
        """
        from paramctl.run.given import parse_inputs, parse_shape
        from paramctl.run.request import Request
        from paramctl.spec.config import parse_override

        return Request(
            spec=spec,
            model=model,
            overrides=dict(map(parse_override, self.settings or [])),
            given=parse_inputs(self.inputs or []),
            shape=parse_shape(self.random) if self.random else None,
            seed=self.seed,
            schemes=tuple(self.scheme or ()),
            bias=self.bias,
            device=self.device,
            dtype=self.dtype,
            trace=self.trace,
            compare=self.compare,
            expect=self.expect,
            tolerance=self.tolerance,
            loss=self.backward,
            target=self.target,
            save=self.save,
            save_gradients=self.save_grads,
            force=self.force,
        )
