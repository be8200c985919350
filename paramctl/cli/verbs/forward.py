"""Run a model: outputs, traces, gradients, comparisons."""

import os
import sys
from typing import Annotated

import typer

from paramctl.cli.gather import gathers
from paramctl.cli.options import Common, verb
from paramctl.cli.running import Running

GROUP = "Run"


@verb
@gathers("running", Running)
def run(
    spec: Annotated[
        str,
        typer.Argument(
            metavar="SPEC|MODEL",
            help="A spec (.yaml, or a family's name), or a checkpoint. The family in config.json "
            "stands for a missing spec, random tensors for a missing checkpoint.",
        ),
    ],
    model: Annotated[
        str | None, typer.Argument(metavar="[MODEL]", help="The checkpoint, behind a spec.")
    ] = None,
    *,
    running: Running,
    common: Common,
) -> None:
    """Run a model on inputs; weights are read when a module needs them and dropped after.

    --backward flags a parameter as dead (it never took part), vanishing (its gradient is below
    1e-7 everywhere), exploding (it reaches 1e3) or nonfinite.

    Exit 1 where NaN appears, or where a comparison finds a difference.

    \b
    Examples:
        paramctl forward model/ --random 1x16 --seed 0
        paramctl forward mlp.yaml mlp.safetensors --input x=ones:2x20 --backward sum
        paramctl forward base/ --random 1x8 --compare tuned/
    """
    from paramctl.binding.words import is_spec
    from paramctl.report.emit import emit
    from paramctl.report.of_run import agreement, findings, run_report
    from paramctl.run.perform import perform
    from paramctl.run.progress import ProgressLine

    alone = model is None and not is_spec(spec)
    request = running.request(None if alone else spec, spec if alone else model)
    line = ProgressLine(sys.stderr)
    is_screen = sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb"
    shows = running.trace and is_screen and not common.quiet
    try:
        result = perform(request, [line] if shows else [])
    finally:
        line.clear()
    for note in result.notes:
        common.say(f"warning: {note}")
    emit(run_report(result), common)
    for found in findings(result):
        common.say(f"paramctl: {found}")
    if result.compared and result.difference is None:
        common.say(agreement(result, request.tolerance))
    if not result.is_good:
        raise typer.Exit(1)
