"""How git is told to show checkpoints: settings of a diff driver, and which files it is for."""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from paramctl.errors import InputError, ResourceError, UsageError
from paramctl.formats.destination import choose_output
from paramctl.formats.write_output import write_output
from paramctl.names import show

LINE = "*.safetensors diff=paramctl"

Action = Literal["set", "kept", "replaced"]


@dataclass(frozen=True)
class Change:
    """One setting.

    Attributes:
        place: the configuration, ``local`` or ``global``, or the path of an attributes file.
        key: the setting's name; empty for a line of attributes.
        action: ``kept`` where it is so already; ``replaced`` where it was another.
    """

    place: str
    key: str
    value: str
    action: Action


def own_command() -> str:
    """How a shell starts this program: by its name, or by the Python it runs in."""
    return "paramctl" if shutil.which("paramctl") else f"{shlex.quote(sys.executable)} -m paramctl"


def settings(command: str) -> dict[str, str]:
    """What git's configuration has to say, by key."""
    return {
        "diff.paramctl.textconv": f"{command} git textconv",
        "diff.paramctl.cachetextconv": "true",
        "diff.paramctl.binary": "true",
        "difftool.paramctl.cmd": f'{command} diff "$LOCAL" "$REMOTE"',
    }


def install(*, everywhere: bool = False, dry_run: bool = False) -> list[Change]:
    """Tell git to show checkpoints by their lock.

    Args:
        everywhere: for every repository of this user, not only the current one.
        dry_run: only say what would be done.

    Raises:
        UsageError: the current folder is in no repository with a working tree.
        ResourceError: there is no git, or it can't write its configuration.
    """
    place = "global" if everywhere else "local"
    attributes = _attributes(everywhere)
    changes = []
    for key, value in settings(own_command()).items():
        before = _git("config", f"--{place}", "--get", key)
        changes.append(Change(place, key, value, _action(before, value)))
        if not dry_run and before != value:
            _told("config", f"--{place}", "--replace-all", key, value)
    return [*changes, _add_line(attributes, dry_run)]


def _action(before: str, value: str) -> Action:
    return "kept" if before == value else "replaced" if before else "set"


def _attributes(everywhere: bool) -> Path:
    if not everywhere:
        top = _git("rev-parse", "--show-toplevel")
        if not top:
            raise UsageError(
                "this folder is in no git repository",
                hint="go to one, or use --global for all of yours",
            )
        return Path(top) / ".gitattributes"
    told = _git("config", "--global", "--type=path", "--get", "core.attributesFile")
    if told:
        return Path(told)
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base) / "git" / "attributes"


def _add_line(path: Path, dry_run: bool) -> Change:
    try:
        before = path.read_bytes()
    except FileNotFoundError:
        before = b""
    except OSError as error:
        raise InputError((error.strerror or str(error)).lower(), where=show(str(path))) from None
    if LINE.encode() in map(bytes.strip, before.splitlines()):
        return Change(str(path), "", LINE, "kept")
    if not dry_run:
        path.parent.mkdir(parents=True, exist_ok=True)
        ending = b"\n" if before and not before.endswith(b"\n") else b""
        place = choose_output(path, force=True)
        write_output(place, [before, ending, f"{LINE}\n".encode()])
    return Change(str(path), "", LINE, "set")


def _run(arguments: Sequence[str]) -> "subprocess.CompletedProcess[str]":
    try:
        return subprocess.run(["git", *arguments], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise ResourceError("there is no git", hint="install git") from None


def _git(*arguments: str) -> str:
    """What git answers; empty where it refuses."""
    done = _run(arguments)
    return "" if done.returncode else done.stdout.removesuffix("\n")


def _told(*arguments: str) -> None:
    done = _run(arguments)
    if done.returncode:
        raise ResourceError(show(done.stderr.strip() or "git refused"), where="git config")
