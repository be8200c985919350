"""Arguments and options that verbs share, so that each is spelled and explained once."""

import functools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import typer

from paramctl.cli.grouped import grouped
from paramctl.errors import UsageError

Model = Annotated[
    str,
    typer.Argument(
        metavar="MODEL",
        help="A .safetensors file, an index or a directory; its https://, hf://, s3:// or gs:// "
        "address; or - for standard input.",
    ),
]
ModelOrSpec = Annotated[
    str,
    typer.Argument(
        metavar="MODEL|SPEC", help="A checkpoint or its address, a spec (.yaml) or a family."
    ),
]
Select = Annotated[
    list[str] | None,
    typer.Argument(metavar="SELECT", help="Selections; several are a union. All when left out."),
]
SelectSome = Annotated[
    list[str], typer.Argument(metavar="SELECT", help="Selections; several are a union.")
]
AllowEmpty = Annotated[bool, typer.Option("--allow-empty", help="A selection may match nothing.")]
Expect = Annotated[
    int | None, typer.Option("--expect", metavar="N", help="The selection must match exactly N.")
]

FORMATS = ("table", "tree", "tsv", "csv", "json", "jsonl", "md", "names")


@dataclass(frozen=True)
class Common:
    """What every verb takes: how to print, how much to say, how many threads to use.

    A verb with formats of its own takes a class derived from this one.
    """

    formats: ClassVar[tuple[str, ...]] = FORMATS
    form: Annotated[
        str,
        typer.Option("--format", "-f", metavar="FORMAT", help=f"One of {', '.join(FORMATS)}."),
    ] = ""
    json: Annotated[bool, typer.Option("--json", help="Short for -f json.")] = False
    header: Annotated[bool, typer.Option("--header", help="A header line in tsv output.")] = False
    color: Annotated[
        str, typer.Option("--color", metavar="WHEN", help="auto, always or never.")
    ] = "auto"
    threads: Annotated[
        int | None,
        typer.Option("--threads", min=1, metavar="N", help="Worker threads; all cores if unset."),
    ] = None
    executor: Annotated[
        str | None,
        typer.Option(
            "--executor", metavar="WHERE", help="threads:N, processes:N, dask:ADDRESS or mpi."
        ),
    ] = None
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")] = False
    verbose: Annotated[
        int, typer.Option("--verbose", "-v", count=True, help="Say more; -vv shows tracebacks.")
    ] = 0

    def __post_init__(self) -> None:
        if self.json:
            object.__setattr__(self, "form", "json")
        if self.form and self.form not in self.formats:
            raise UsageError(
                f"no format named '{self.form}'", hint=f"formats are {', '.join(self.formats)}"
            )
        if self.color not in ("auto", "always", "never"):
            raise UsageError(f"--color takes auto, always or never, not '{self.color}'")

    def say(self, message: str) -> None:
        """One line of progress or news on stderr, unless the user asked for quiet."""
        if not self.quiet:
            print(message, file=sys.stderr)


@contextmanager
def working(common: Common) -> Iterator[None]:
    """Have work done by as many threads as were asked for, or where it was asked for.

    Raises:
        UsageError: both were asked for, or there is no such place.
    """
    if common.threads is not None:
        from paramctl.compute.pool import set_threads

        set_threads(common.threads)
    if common.executor is None:
        yield
        return
    if common.threads is not None:
        raise UsageError("--threads and --executor both say who works", hint="leave one out")
    from paramctl.compute.executor import executor

    with executor(common.executor):
        yield


def verb(function: Callable[..., None], kind: type[Common] = Common) -> Callable[..., None]:
    """Give a verb the common options; they arrive together in its argument ``common``.

    Args:
        kind: the class of that argument, for a verb with formats of its own.
    """

    @functools.wraps(function)
    def run(*, common: Common, **values: Any) -> None:
        with working(common):
            function(**values, common=common)

    return grouped("common", kind)(run)
