"""Checkpoints drawn at random for the laws of editing, and short ways to edit and read them."""

import json
import random
from pathlib import Path

import spell
from hypothesis import strategies as st

from paramctl.dtypes import DTYPES
from paramctl.edit.plan import Plan, Step, plan
from paramctl.edit.write import Where, destination, write
from paramctl.sources.open import open_source

SEGMENTS = st.sampled_from(
    ["a", "b", "weight", "bias", "layers", "0", "1", "11", "é", "x y", "[0]"]
)
NAMES = st.lists(SEGMENTS, min_size=1, max_size=4).map(".".join)
SHAPES = st.lists(st.sampled_from([0, 1, 2, 3, 4]), max_size=3).map(tuple)


def nbytes(dtype: str, shape: tuple[int, ...]) -> int:
    count = 1
    for size in shape:
        count *= size
    return count * DTYPES[dtype].bits // 8


@st.composite
def tensors(draw, least=1, most=8):
    """Name to (dtype, shape, bytes); every dtype, rank 0 up, sizes of 0 included."""
    found = {}
    rnd = random.Random(draw(st.integers(0, 2**32)))
    for name in draw(st.lists(NAMES, min_size=least, max_size=most, unique=True)):
        dtype = draw(st.sampled_from(sorted(DTYPES)))
        shape = draw(SHAPES)
        if DTYPES[dtype].bits % 8:
            shape = (*shape, 4)
        found[name] = (dtype, shape, rnd.randbytes(nbytes(dtype, shape)))
    return found


def single(folder: Path, tensors, metadata=None, name="in.safetensors") -> Path:
    """One file."""
    path = folder / name
    path.write_bytes(spell.checkpoint(tensors, metadata))
    return path


def sharded(folder: Path, tensors, count=2, config=None, name="in") -> Path:
    """A folder of ``count`` shards, an index as huggingface_hub writes it, and side files."""
    home = folder / name
    home.mkdir()
    names = list(tensors)
    weight_map, total = {}, 0
    for number in range(count):
        file = f"model-{number + 1:05d}-of-{count:05d}.safetensors"
        part = {key: tensors[key] for key in names[number::count]}
        (home / file).write_bytes(spell.checkpoint(part, {"format": "pt"}))
        weight_map |= dict.fromkeys(part, file)
        total += sum(len(content) for _, _, content in part.values())
    index = {"metadata": {"total_size": total}, "weight_map": dict(sorted(weight_map.items()))}
    (home / "model.safetensors.index.json").write_text(json.dumps(index, indent=2) + "\n")
    (home / "tokenizer").mkdir()
    (home / "tokenizer" / "vocab.txt").write_text("one\ntwo\n")
    if config is not None:
        (home / "config.json").write_text(json.dumps(config))
    return home


def edited(model: Path, out: Path, *steps: Step) -> Plan:
    """Plan and write."""
    with open_source(model, family_ties=lambda config: []) as source:
        made = plan(source, steps)
        write(made, destination(made, Where(out)))
        return made


def stored(model: Path):
    """Name to (dtype, shape, bytes) of what a checkpoint stores."""
    with open_source(model, family_ties=lambda config: []) as source:
        return {e.name: (e.dtype, e.shape, source.raw(e.name)) for e in source.manifest.stored}


def ties(model: Path):
    with open_source(model, family_ties=lambda config: []) as source:
        return source.manifest.ties


def files(folder: Path):
    """Path below a folder to content."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
