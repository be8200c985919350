"""Merge a LoRA adapter into its base, or extract one."""

from typing import Annotated

import typer

from paramctl.cli.group import several
from paramctl.cli.options import AllowEmpty, Common, Expect, Select, verb
from paramctl.cli.writing import Writing, carry_out, finish, writes, writes_anew
from paramctl.errors import UsageError

GROUP = "Change"

app = several(__doc__)
Base = Annotated[str, typer.Argument(metavar="BASE", help="The checkpoint without the adapter.")]


@app.command("merge")
@verb
@writes
def merge(
    base: Base,
    adapter: Annotated[
        str, typer.Argument(metavar="ADAPTER", help="A folder with adapter_config.json.")
    ],
    expect: Expect = None,
    *,
    writing: Writing,
    common: Common,
) -> None:
    """Add an adapter of PEFT to the weights of BASE."""
    from paramctl.edit import steps
    from paramctl.sources.open import open_source

    with open_source(adapter) as source:
        carry_out("lora", base, [steps.lora_merge(source, expect)], writing, common)


@app.command("extract")
@verb
@writes_anew
def extract(
    base: Base,
    tuned: Annotated[
        str, typer.Argument(metavar="TUNED", help="The same checkpoint after training.")
    ],
    select: Select = None,
    rank: Annotated[int, typer.Option("--rank", metavar="R", help="At most.")] = 16,
    allow_empty: AllowEmpty = False,
    *,
    writing: Writing,
    common: Common,
) -> None:
    """Make an adapter from what TUNED changed in BASE.

    It is the best one of rank R for every matrix. Large matrices are read a few times, some rows
    at a time, and never held.
    """
    from functools import partial

    from paramctl.edit.lora_extract import LoraExtract, plan_extract, write_adapter
    from paramctl.formats.destination import is_file_name
    from paramctl.report.progress import progress
    from paramctl.sources.open import open_source

    if writing.output is not None and is_file_name(writing.output):
        raise UsageError("an adapter is a folder", hint="-o OUT without .safetensors")
    with open_source(base) as one, open_source(tuned) as two:
        edit = LoraExtract(one, two, rank)
        with progress("comparing", quiet=common.quiet):
            made = plan_extract(edit, select or (), allow_empty=allow_empty)
        store = partial(write_adapter, edit)
        finish("lora", made, writing, common, store=store, traffic="read")
