"""The book's programs at hand: their specs, checkpoints of them, and what verbs say of them."""

from pathlib import Path

import numpy as np
from command import Result, expect
from safetensors.numpy import load_file, save_file

SPECS = Path(__file__).parents[2] / "fixtures" / "specs"
CHECKPOINTS = SPECS.parent / "checkpoints"


def spec(name: str) -> Path:
    """The path of one of the fixtures' specs."""
    return SPECS / f"{name}.yaml"


def written(folder: Path, model: str, name: str = "net") -> Path:
    """A spec of its own in ``folder``, from the text below ``model:``."""
    path = folder / f"{name}.yaml"
    path.write_text(f"paramctl: 1\nname: {name}\nmodel:\n{model}")
    return path


def drawn(folder: Path, program: Path, *words: str, name: str = "m") -> Path:
    """A checkpoint that ``init`` makes of a spec."""
    path = folder / f"{name}.safetensors"
    expect(0, "init", program, *words, "-o", path)
    return path


def saved(folder: Path, tensors: dict[str, np.ndarray], name: str = "m") -> Path:
    """A checkpoint of these arrays, written by the safetensors library."""
    path = folder / f"{name}.safetensors"
    save_file(tensors, path)
    return path


def filled(folder: Path, program: Path, weight: float, *words: str, name: str = "m") -> Path:
    """A checkpoint of a spec whose weights are all one number and whose biases are zero."""
    return drawn(folder, program, "--scheme", f"constant({weight})", *words, name=name)


def tensors(path: Path) -> dict[str, np.ndarray]:
    """A checkpoint as the safetensors library reads it."""
    return load_file(path)


def shapes(target: Path, *words: str) -> dict[str, list]:
    """Name to shape, as ``ls`` tells them."""
    rows = expect(0, "ls", target, *words, "--json").json["tensors"]
    return {row["name"]: row["shape"] for row in rows}


def names(target: Path, *words: str) -> list[str]:
    """The names that ``ls`` lists."""
    return expect(0, "ls", target, *words, "-f", "names").out.splitlines()


def counts(target: Path, *words: str) -> tuple[int, int]:
    """Parameters counted once per tie, and once per name."""
    parameters = expect(0, "inspect", target, *words, "--json").json["parameters"]
    return parameters["unique"], parameters["named"]


def run(*words: str | Path) -> Result:
    """What ``forward`` says, as JSON."""
    return expect(0, "forward", *words, "--json")


def output(*words: str | Path) -> dict:
    """The only output of a forward: shape, dtype, figures, values."""
    [found] = run(*words).json["outputs"].values()
    return found


def values(*words: str | Path) -> list:
    """The numbers of the only output of a forward."""
    return output(*words)["values"]


def gradients(folder: Path, *words: str | Path) -> dict[str, np.ndarray]:
    """The gradients of the sum over all outputs."""
    path = folder / "gradients.safetensors"
    expect(0, "forward", *words, "--backward", "sum", "--save-grads", path, "--force")
    return load_file(path)


def shown(target: Path, name: str) -> list:
    """The values that ``show`` prints."""
    return expect(0, "show", target, name, "--json").json["values"]
