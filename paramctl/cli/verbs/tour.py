"""Show the main job on a bundled spec and checkpoint."""

import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

import paramctl.cli
from paramctl.cli.options import Common, verb
from paramctl.errors import FoundError

GROUP = "Learn"

_BUNDLE = Path(paramctl.cli.__file__).parent / "tour"
_STEPS: list[tuple[str, list[tuple[str, int]]]] = [
    ("What is in this checkpoint?", [("inspect model", 0)]),
    (
        "Select: globs over dotted names, fields, and/or/not.",
        [
            ("ls model '*_proj.weight & layer:-1 & !mlp'", 0),
            ("show model 'lm_head.weight[0,:4]'", 0),
        ],
    ),
    (
        "Is it sound, are its numbers finite, does it fit its family?",
        [("check model --values", 0), ("stats model norm lm_head", 0)],
    ),
    ("Run it. No framework: the family is a YAML file.", [("forward model --random 1x8", 0)]),
    (
        "Re-initialize one tensor, reproducibly; first see what would happen.",
        [
            ("init model lm_head --scheme xavier --seed 7 -n", 0),
            ("init model lm_head --scheme xavier --seed 7 -o new", 0),
        ],
    ),
    (
        "Prove that exactly this changed: exit 1 for a difference, 0 where it was allowed.",
        [("diff model new", 1), ("diff model new --allow lm_head --must-change lm_head", 0)],
    ),
    (
        "Where do the two models part?",
        [("forward model --random 1x8 --compare new", 1)],
    ),
    (
        "Tie the output layer to the embedding: one tensor, two names, config.json in step.",
        [
            ("tie new model.embed_tokens.weight lm_head.weight --take keep -o tied", 0),
            ("inspect tied lm_head embed_tokens", 0),
            ("forward tied --random 1x8 --backward sum -f names", 0),
        ],
    ),
    (
        "From a spec alone: sizes are found out, every number comes from (seed, name).",
        [
            ("spec shapes mlp.yaml --input x=2x20", 0),
            ("init mlp.yaml --input x=2x20 --scheme kaiming_normal -o mlp.safetensors", 0),
            ("forward mlp.yaml mlp.safetensors --input x=ones:2x20", 0),
        ],
    ),
    ("A digest for the release notes.", [("hash mlp.safetensors", 0)]),
]


@verb
def run(
    *,
    keep: Annotated[
        Path | None,
        typer.Option("--keep", metavar="FOLDER", help="Work in this new folder and keep it."),
    ] = None,
    common: Common,
) -> None:
    """Show the main job on a bundled spec and checkpoint, in a temporary folder.

    Every command is printed before it runs; type the same ones yourself.
    """
    if keep is not None:
        shutil.copytree(_BUNDLE, keep)
        _walk(keep, common)
        return
    with tempfile.TemporaryDirectory(prefix="paramctl-tour-") as folder:
        _walk(Path(shutil.copytree(_BUNDLE, Path(folder) / "tour")), common)


def _walk(folder: Path, common: Common) -> None:
    for number, (title, commands) in enumerate(_STEPS, start=1):
        common.say(f"\n{number}. {title}")
        for line, wanted in commands:
            _step(folder, line, wanted)
    common.say("\nThat was the main job. `paramctl -h` lists the verbs.")


def _step(folder: Path, line: str, wanted: int) -> None:
    """Print a command, run it as a user would, and insist on its exit code."""
    print(f"\n$ paramctl {line}", flush=True)
    words = [sys.executable, "-m", "paramctl", *shlex.split(line)]
    code = subprocess.run(words, cwd=folder, check=False).returncode
    if code != wanted:
        raise FoundError(f"`paramctl {line}` gave exit code {code}, expected {wanted}")
