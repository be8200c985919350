"""Old and new releases of the safetensors library read what edits write."""

import hashlib
import json
import os
import subprocess
import sys

import numpy as np
import pytest
import spell
from command import expect
from other_releases import install

pytestmark = pytest.mark.client

RELEASES = {
    "0.4.5": "safetensors==0.4.5",
    "0.7.0": "safetensors==0.7.0",
    "newest": "safetensors",
}
READ = """
import hashlib, json, sys
import safetensors
from safetensors import safe_open
from safetensors.numpy import load_file
found = {"version": safetensors.__version__, "files": {}}
for path in sys.argv[1:]:
    with safe_open(path, framework="np") as file:
        metadata = dict(file.metadata() or {})
        names = sorted(file.keys())
        forms = {n: [file.get_slice(n).get_dtype(), file.get_slice(n).get_shape()] for n in names}
        read = {n for n in names if forms[n][0] in ("F32", "I64")}
        bits = {n: hashlib.sha256(file.get_tensor(n).tobytes()).hexdigest() for n in read}
        whole = sorted(load_file(path)) if len(read) == len(names) else names
    found["files"][path] = {"forms": forms, "bits": bits, "metadata": metadata, "loaded": whole}
print(json.dumps(found))
"""
EDITS = {
    "kept": ["keep", "in", "a", "ids"],
    "tied": ["tie", "in", "a.weight", "b.weight"],
    "renamed": ["rename", "in", "a=\u00e9.\u0394"],
    "dropped": ["drop", "in", "norm"],
    "cast": ["cast", "in", "bf16", "a"],
    "set": ["set", "in", "a.weight[0]", "7"],
    "drawn": ["init", "in", "a.weight", "--scheme", "xavier"],
    "meta": ["meta", "in", "--set", "note=kept"],
    "single": ["reshard", "in", "--single"],
    "sharded": ["reshard", "in", "--max-shard-size", "100B"],
}


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    """The files that each edit writes of one small model, and what they hold."""
    home = tmp_path_factory.mktemp("edits")
    weight = spell.f32(spell.uniform((4, 6), 1.0, 0))
    tensors = {
        "a.weight": weight,
        "b.weight": weight,
        "ids": ("I64", (3,), np.arange(3).tobytes()),
        "norm": spell.f32(np.ones(())),
    }
    (home / "in").mkdir()
    path = home / "in" / "model.safetensors"
    path.write_bytes(spell.checkpoint(tensors, {"format": "pt"}))
    for name, words in EDITS.items():
        expect(0, *words, "-o", name, cwd=home)
    expect(0, "untie", "tied", "b.weight", "-o", "untied", cwd=home)
    return sorted(home.rglob("*.safetensors"))


def held(path):
    """What a file holds, read from its bytes."""
    content = path.read_bytes()
    size = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + size])
    metadata = header.pop("__metadata__", {})
    data = {
        name: content[8 + size :][slice(*fields["data_offsets"])] for name, fields in header.items()
    }
    forms = {name: [fields["dtype"], fields["shape"]] for name, fields in header.items()}
    bits = {
        name: hashlib.sha256(data[name]).hexdigest()
        for name in data
        if forms[name][0] in ("F32", "I64")
    }
    return {"forms": forms, "bits": bits, "metadata": metadata, "loaded": sorted(data)}


@pytest.mark.parametrize("release", RELEASES)
def test_a_release_reads_the_output_of_every_edit(release, outputs, tmp_path):
    """Names, dtypes, shapes, metadata and values, in a process with that release."""
    folder = install(tmp_path / release, RELEASES[release])
    done = subprocess.run(
        [sys.executable, "-c", READ, *map(str, outputs)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(folder)},
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert release in (report["version"], "newest")
    assert len(report["files"]) == len(outputs) > len(EDITS)
    for path in outputs:
        assert report["files"][str(path)] == held(path), path
