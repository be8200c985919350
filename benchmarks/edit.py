"""Edits of a large file, next to ``cp``.

    python benchmarks/edit.py [--quick]

An edit writes, syncs, reads everything back and has another library open it; ``cp`` only
copies.
"""

from pathlib import Path

from checkpoints import draws
from measured import Given, Measure, Table, command, paramctl, run


def edit(given: Given) -> None:
    """Print the table."""
    size = given.size(2048, 256)
    model, new = given.folder / "edited.safetensors", given.folder / "new.safetensors"
    draws(model, "bfloat16", size << 20)
    one, other = "layers.0.weight", "layers.1.weight"
    table = Table(f"Edits of {size} MiB of BF16")
    for what, words in (
        ("rename", ["rename", model, "layers.{n}.weight=blocks.{n}.weight"]),
        ("tie", ["tie", model, one, other, "--take", "keep"]),
        ("drop", ["drop", model, one]),
    ):
        table.row(what, "cp", lambda w=words: _written(new, paramctl(*w, "-o", new)),
                  lambda: _written(new, command("cp", model, new)), given.rounds)  # fmt: skip
    model.unlink()


def _written(new: Path, measure: Measure) -> Measure:
    """The measure, with the output gone again."""
    new.unlink()
    return measure


if __name__ == "__main__":
    run(__doc__, edit)
