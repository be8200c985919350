"""Whatever an edit or a look makes a job of can travel, and comes out the same."""

import numpy as np
import pytest
from clusters import contents
from command import call, expect

from paramctl.compute.jobs import using
from paramctl.edit.plan import EDITS

# Each edit at least once; ``lora_extract`` writes an adapter, whose two halves belong together.
COMMANDS = {
    "cast": ["cast", "tiny", "bf16"],
    "rename": ["rename", "tiny", "model.layers.{n}=h.{n}"],
    "keep": ["keep", "tiny", "norm"],
    "drop": ["drop", "tiny", "norm"],
    "init": ["init", "tiny", "lm_head", "--scheme", "orthogonal"],
    "init formula": ["init", "tiny", "lm_head", "--scheme", "expr: u = uniform(-1, 1); u * u"],
    "set": ["set", "tiny", "lm_head.weight", "where(x > 0, x, x * x)"],
    "set npy": ["set", "tiny", "lm_head.weight[0]", "--npy", "row.npy"],
    "tie": ["tie", "tiny", "lm_head.weight", "model.embed_tokens.weight", "--take", "mean"],
    "tie_equal": ["tie", "twins", "--auto"],
    "untie": ["untie", "tied", "lm_head.weight"],
    "resize": ["resize", "tiny", "lm_head", "--dim", "0=70", "--fill", "mean"],
    "resize drawn": ["resize", "tiny", "lm_head", "--dim", "0=70", "--fill", "normal(std=1)"],
    "layers": ["layers", "tiny", "0,0,1"],
    "fuse": ["fuse", "tiny", "mlp", "--layout", "gate-up"],
    "split": ["split", "fused", "mlp", "--layout", "gate-up"],
    "graft": ["graft", "tiny", "lm_head", "--from", "tied"],
    "reshard": ["reshard", "tiny", "--max-shard-size", "4KiB"],
    "meta": ["meta", "tiny", "--set", "a=b"],
    "transpose": ["apply", "transpose.yaml", "tiny"],
    "lerp": ["apply", "lerp.yaml", "tiny"],
    "add": ["apply", "add.yaml", "tiny"],
    "pack": ["pack", "row=row.npy", "scalar=scalar.npy"],
}


RECIPES = {
    "transpose": "{select: [lm_head]}",
    "lerp": "{from: tied, weight: 0.25}",
    "add": "{from: tied, scale: 0.5}",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Checkpoints in the variants that the commands need."""
    from console import prepare

    path = tmp_path_factory.mktemp("travel")
    prepare(path)
    np.save(path / "row.npy", np.arange(16, dtype=np.float32))
    np.save(path / "scalar.npy", np.float32(3))
    for name, arguments in RECIPES.items():
        (path / f"{name}.yaml").write_text(f"steps:\n  - {name}: {arguments}\n")
    tie = ["lm_head.weight", "model.embed_tokens.weight"]
    expect(0, "tie", "tiny", *tie, "--take", "keep", "-o", "tied", "-q", cwd=path)
    expect(0, "untie", "tied", tie[1], "-o", "twins", "-q", cwd=path)
    expect(0, "fuse", "tiny", "mlp", "--layout", "gate-up", "-o", "fused", "-q", cwd=path)
    return path


@pytest.mark.parametrize("name", COMMANDS)
def test_an_edit_travels(name, folder, packing, tmp_path):
    words = COMMANDS[name]
    here = expect(0, *words, "-o", tmp_path / "here", cwd=folder)
    with using(packing):
        there = expect(0, *words, "-o", tmp_path / "there", cwd=folder)
    assert there.err.replace("there", "here") == here.err
    assert contents(tmp_path / "there") == contents(tmp_path / "here")


LOOKS = [
    ["stats", "tiny", "--hist", "--quantiles", "0.5"],
    ["stats", "dtypes.safetensors", "--json"],
    ["stats", "tiny", "lm_head", "--spectral", "2"],
    ["hash", "tied"],
    ["lock", "tied"],
    ["diff", "tiny", "tied", "--explain", "--ulps"],
    ["diff", "tied", "tiny", "--name-only"],
    ["check", "dtypes.safetensors", "--values"],
]


@pytest.mark.parametrize("words", LOOKS, ids=" ".join)
def test_a_look_travels(words, folder, packing):
    here = call(*words, cwd=folder)
    with using(packing):
        assert call(*words, cwd=folder) == here


def test_every_edit_is_among_the_commands():
    special = {"lora_extract", "lora_merge", "dequantize"}
    assert set(EDITS) - special <= {name.partition(" ")[0] for name in COMMANDS}
