"""Writes that may be interrupted: what is there before, the command, what may be there after."""

import contextlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import spell

PART = ".paramctl-"


def tensors(seed: int) -> dict[str, spell.Tensor]:
    return {
        "a.weight": spell.f32(spell.uniform((64, 33), 1.0, seed)),
        "b.weight": spell.f32(spell.uniform((7, 5), 1.0, seed + 1)),
        "c.weight": spell.bf16(spell.uniform((16, 16), 1.0, seed + 2)),
    }


def folder(home: Path, seed: int) -> None:
    """A sharded model with a side file and a config.json that ties nothing."""
    home.mkdir()
    found = tensors(seed)
    names = {"a.weight": 1, "b.weight": 2, "c.weight": 2}
    weight_map = {name: f"model-{n:05d}-of-00002.safetensors" for name, n in names.items()}
    for file in sorted(set(weight_map.values())):
        part = {name: found[name] for name in found if weight_map[name] == file}
        (home / file).write_bytes(spell.checkpoint(part, {"format": "pt"}))
    size = sum(len(content) for _, _, content in found.values())
    index = {"metadata": {"total_size": size}, "weight_map": weight_map}
    (home / "model.safetensors.index.json").write_text(json.dumps(index, indent=2) + "\n")
    (home / "config.json").write_text('{"model_type": "none"}')


def pair(home: Path) -> None:
    """A model in one file with an embedding, an equal head, and a config.json."""
    home.mkdir()
    weight = spell.f32(spell.uniform((24, 16), 1.0, 3))
    names = ("lm_head.weight", "model.embed_tokens.weight")
    (home / "model.safetensors").write_bytes(spell.checkpoint(dict.fromkeys(names, weight)))
    (home / "config.json").write_text('{"tie_word_embeddings": false}')


@dataclass(frozen=True)
class Scene:
    """One command over what is there before it.

    Attributes:
        name: what it is about.
        arguments: the model, and where to write.
        before: what lies at the destination: ``file``, ``folder`` or nothing.
        target: the destination, relative to the stage.
        edit: the verb, and its own arguments.
    """

    name: str
    arguments: tuple[str, ...]
    before: str
    target: str
    edit: tuple[str, ...] = ("set", "b.weight", "x + 1")

    def prepare(self, stage: Path) -> None:
        """Set the stage anew."""
        shutil.rmtree(stage, ignore_errors=True)
        stage.mkdir(parents=True)
        (stage / "in.safetensors").write_bytes(spell.checkpoint(tensors(1), {"format": "pt"}))
        folder(stage / "in", 1)
        pair(stage / "pair")
        if self.before == "file":
            (stage / "out.safetensors").write_bytes(spell.checkpoint(tensors(9)))
        elif self.before == "folder":
            folder(stage / "out", 9)

    def command(self) -> list[str]:
        """The command line, to be run on the stage."""
        (model, *others), (verb, *words) = self.arguments, self.edit
        return [verb, model, *words, "-q", *others]

    def between(self, before: dict[str, bytes], after: dict[str, bytes]) -> dict[str, bytes]:
        """What may be there only if the process was killed between two renames."""
        if self.edit[0] != "tie":
            return before
        return {**before, "pair/config.json": after["pair/config.json"]}


TIE = ("tie", "model.embed_tokens.weight", "lm_head.weight")
SCENES = {
    scene.name: scene
    for scene in (
        Scene("new file", ("in.safetensors", "-o", "out.safetensors"), "", "out.safetensors"),
        Scene(
            "replaced file",
            ("in.safetensors", "-o", "out.safetensors", "--force"),
            "file",
            "out.safetensors",
        ),
        Scene("file in place", ("in.safetensors", "--in-place"), "", "in.safetensors"),
        Scene(
            "file in place with backup",
            ("in.safetensors", "--in-place", "--backup"),
            "",
            "in.safetensors",
        ),
        Scene("new folder", ("in", "-o", "out"), "", "out"),
        Scene("replaced folder", ("in", "-o", "out", "--force"), "folder", "out"),
        Scene("folder in place", ("in", "--in-place"), "", "in"),
        Scene("folder in place with backup", ("in", "--in-place", "--backup"), "", "in"),
        Scene("file and config in place", ("pair", "--in-place"), "", "pair", TIE),
        Scene("both in place with backup", ("pair", "--in-place", "--backup"), "", "pair", TIE),
    )
}


def warm_up(stage: Path) -> None:
    """Import here what every fork would import again."""
    from paramctl.cli.app import run as command

    scene = SCENES["new file"]
    scene.prepare(stage)
    with contextlib.chdir(stage):
        assert command(scene.command()) == 0


def state(stage: Path) -> dict[str, bytes]:
    """Every file on the stage, hidden parts left out."""
    return {
        str(path.relative_to(stage)): path.read_bytes()
        for path in stage.rglob("*")
        if path.is_file() and PART not in str(path.relative_to(stage))
    }


def parts(stage: Path) -> list[Path]:
    """What was left half-way."""
    return [path for path in stage.rglob("*") if PART in path.name]


def violations(
    scene: Scene, stage: Path, before: dict[str, bytes], after: dict[str, bytes], *, killed: bool
) -> list[str]:
    """What is wrong on a stage where the command did not end well."""
    found = []
    now = state(stage)
    backups = {name for name in now if ".bak" in name}
    plain = {name: content for name, content in now.items() if name not in backups}
    done = {name: content for name, content in after.items() if ".bak" not in name}
    allowed = [before, done, scene.between(before, done)] if killed else [before]
    if plain not in allowed:
        found.append("the destination is neither the old nor the new one")
    if not killed and (backups or parts(stage)):
        found.append(f"left behind: {sorted(backups)} {[p.name for p in parts(stage)]}")
    whole = {*before.values(), *after.values()}
    files = [
        file
        for part in [*parts(stage), *(stage / name for name in backups)]
        for file in ([part] if part.is_file() else part.rglob("*.safetensors"))
    ]
    return found + [
        f"{file.name} can be read and holds neither the old nor the new"
        for file in files
        if _parses(file) and file.read_bytes() not in whole
    ]


def _parses(path: Path) -> bool:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "np") as file:
            return bool(file.keys())
    except (SafetensorError, OSError):
        return False
