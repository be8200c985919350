"""Writes that may be interrupted: what is there before, the command, what may be there after."""

import contextlib
import io
import shutil
from dataclasses import dataclass
from pathlib import Path

import fault_stage
import spell

PART = ".paramctl-"
BYSTANDERS = ("array.npy", "recipe.yaml")  # lie there whatever the scene is about


@dataclass(frozen=True)
class Scene:
    """One command over what is there before it.

    Attributes:
        name: what it is about.
        arguments: the model, and where to write.
        before: what lies at the destination: ``file``, ``folder`` or nothing.
        target: the destination, relative to the stage.
        edit: the verb, and its own arguments; ``MODEL`` where the model is not the first.
        repeats: whether the same command can be given again after it was done.
    """

    name: str
    arguments: tuple[str, ...]
    before: str
    target: str
    edit: tuple[str, ...] = ("set", "b.weight", "x + 1")
    repeats: bool = True

    def prepare(self, stage: Path) -> None:
        """Set the stage anew."""
        shutil.rmtree(stage, ignore_errors=True)
        stage.mkdir(parents=True)
        files = fault_stage.stage().items()
        spell.write(stage, {name: content for name, content in files if self.has(name)})
        if self.before == "file":
            (stage / "out.safetensors").write_bytes(spell.checkpoint(fault_stage.tensors(9)))
        elif self.before == "folder":
            old = fault_stage.folder("out", fault_stage.tensors(9), {"model_type": "none"})
            spell.write(stage, old)

    def has(self, name: str) -> bool:
        """Whether a file of the stage is there: what the command speaks of, and bystanders."""
        named = {*BYSTANDERS, *self.arguments, *self.edit}
        if "recipe.yaml" in self.edit:
            named.add(fault_stage.OTHER)
        return name.partition("/")[0] in named

    def command(self) -> list[str]:
        """The command line, to be run on the stage."""
        (model, *others), (verb, *words) = self.arguments, self.edit
        if "MODEL" in words:
            return [verb, *(model if word == "MODEL" else word for word in words), "-q", *others]
        return [verb, model, *words, "-q", *others]

    def between(self, before: dict[str, bytes], after: dict[str, bytes]) -> dict[str, bytes]:
        """What may be there only if the process was killed between two renames."""
        first = {"pair": "pair/config.json", "tied": "tied/model.safetensors"}.get(self.target)
        return before if first is None else {**before, first: after[first]}


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
        Scene("file and config in place", ("pair", "--in-place"), "", "pair", TIE, repeats=False),
        Scene(
            "both in place with backup", ("pair", "--in-place", "--backup"), "", "pair", TIE, False
        ),
    )
}
EDITS = {
    scene.name: scene
    for name, words, model in (
        ("keep", ("keep", "layers"), "every"),
        ("drop", ("drop", "norm"), "every"),
        ("set", ("set", "lm_head.weight[0]", "x * 2"), "every"),
        ("tie", ("tie", "embed_tokens.weight", "lm_head.weight"), "every"),
        ("tie --auto", ("tie", "--auto"), "every"),
        ("untie", ("untie", "lm_head"), "tied"),
        ("rename", ("rename", "layers.{n}=h.{n}"), "every"),
        ("cast", ("cast", "bf16", "layers"), "every"),
        ("dequantize", ("cast", "bf16", "--dequant-blocks"), "every"),
        ("init", ("init", "lm_head", "--scheme", "normal"), "every"),
        ("resize", ("resize", "embed_tokens", "--dim", "0=20"), "every"),
        ("layers", ("layers", "1,0,1"), "every"),
        ("split", ("split", "attn", "--layout", "qkv"), "every"),
        ("fuse", ("fuse", "mlp", "--layout", "gate-up"), "every"),
        ("transpose", ("transpose", "qkv"), "every"),
        ("graft", ("graft", "layers.1", "--from", "like"), "every"),
        ("reshard", ("reshard", "--max-shard-size", "1000"), "every"),
        ("meta", ("meta", "--set", "author=me"), "every"),
        ("lora merge", ("lora", "merge", "MODEL", "adapter"), "every"),
        ("apply", ("apply", "recipe.yaml", "MODEL", "--provenance"), "every"),
    )
    for scene in (
        Scene(f"{name}: new", (model, "-o", "out"), "", "out", words),
        Scene(f"{name}: in place", (model, "--in-place"), "", model, words, False),
    )
} | {
    scene.name: scene
    for scene in (
        Scene("pack: new", ("x=array.npy", "-o", "o.safetensors"), "", "o.safetensors", ("pack",)),
        Scene(
            "lora extract: new", ("every", "-o", "out"), "", "out",
            ("lora", "extract", "MODEL", "like", "layers", "--rank", "2"),
        ),
    )
}  # fmt: skip


def warm_up(stage: Path, scene: Scene = SCENES["new file"]) -> None:
    """Import here what every fork would import again."""
    from paramctl.cli.app import run as command

    scene.prepare(stage)
    with contextlib.chdir(stage), contextlib.redirect_stderr(io.StringIO()) as said:
        assert command(scene.command()) == 0, said.getvalue()


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
