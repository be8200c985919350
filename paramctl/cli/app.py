"""One command line from arguments to exit code: the only place where an error becomes text."""

import json
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from types import FrameType
from typing import Any

import typer

from paramctl.cli.group import Verbs
from paramctl.errors import ParamctlError
from paramctl.names import show

_WRONG_USAGE: Any = typer.BadParameter.__mro__[1]  # Typer's own usage error has no public name
_EPILOG = "Start with `paramctl tour`. Every verb explains itself: `paramctl VERB -h`."

app = typer.Typer(
    cls=Verbs,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=_EPILOG,
)


@app.callback()
def paramctl(
    version: bool = typer.Option(False, "--version", help="Show the version and exit."),
) -> None:
    """Inspect, check, compare, edit and run model checkpoints from the command line."""
    if version:
        from paramctl import __version__

        print(f"paramctl {__version__}")
        raise typer.Exit


class Terminated(BaseException):
    """A signal asked the process to end; carries its exit code."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.exit_code = 128 + number


def _terminate(number: int, frame: FrameType | None) -> None:
    raise Terminated(number)


def run(argv: Sequence[str]) -> int:
    """Run one command and return its exit code; everything that goes wrong is said on stderr."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _terminate)
    try:
        code = typer.main.get_command(app).main(
            list(argv), prog_name="paramctl", standalone_mode=False
        )
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except BaseException as error:
        return _explain(error, argv)


def _explain(error: BaseException, argv: Sequence[str]) -> int:
    """Say what went wrong; return the exit code that means it."""
    match error:
        case ParamctlError():
            _say(argv, error.kind, error.problem, error.where, error.hint)
            return error.exit_code
        case Terminated():
            return error.exit_code
        case KeyboardInterrupt() | typer.Abort():
            return 130
        case BrokenPipeError():
            return _reader_gone()
        case SystemExit() if isinstance(error.__context__, BrokenPipeError):
            return _reader_gone()  # Typer turns a closed pipe into exit 1
        case SystemExit():
            return error.code if isinstance(error.code, int) else 0
        case _ if type(error).__name__ == "NoArgsIsHelpError":
            print(error, file=sys.stderr)
            return 2
        case _ if isinstance(error, _WRONG_USAGE):
            verb = getattr(getattr(error, "ctx", None), "command_path", "") or _verb(argv)
            message = getattr(error, "format_message", lambda: str(error))()
            _say(argv, "usage", message.rstrip("."), "", f"run `{verb} -h`")
            return 2
        case MemoryError():
            _say(argv, "resource", "out of memory", "", "")
            return 4
        case OSError():
            name = error.filename
            where = show(os.fsdecode(name)) if isinstance(name, str | bytes | os.PathLike) else ""
            _say(argv, "resource", error.strerror or str(error), where, "")
            return 4
    if _verbosity(argv) >= 2:
        traceback.print_exception(error)
    _say(argv, "bug", f"{type(error).__name__}: {error}", "", "run again with -vv and report it")
    return 5


def _verb(argv: Sequence[str]) -> str:
    """The command that was meant, where the parser itself does not say."""
    return f"paramctl {argv[0]}" if argv and argv[0].isalpha() else "paramctl"


def _reader_gone() -> int:
    """Send what is still to be flushed nowhere, so that Python ends without a complaint."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return 141


def _say(argv: Sequence[str], kind: str, message: str, where: str, hint: str) -> None:
    wants_json = "--json" in argv or any(
        (flag in ("-f", "--format") and form == "json") or flag in ("-fjson", "--format=json")
        for flag, form in zip(argv, [*argv[1:], ""], strict=False)
    )
    if any("@" in text or "?" in text for text in (message, where, hint)):
        from paramctl.sources.address import without_secrets

        message, where, hint = map(without_secrets, (message, where, hint))
    if wants_json:
        body = {"kind": kind, "message": message, "where": where, "hint": hint}
        print(json.dumps({"error": body}), file=sys.stderr)
        return
    place = f"{where}: " if where else ""
    print(f"paramctl: {place}{message}", file=sys.stderr)
    if hint:
        print(f"hint: {hint}", file=sys.stderr)


def _verbosity(argv: Sequence[str]) -> int:
    return sum(
        len(word) - 1 if set(word[1:]) == {"v"} else 1
        for word in argv
        if word == "--verbose" or (word.startswith("-v") and set(word[1:]) == {"v"})
    )
