"""The small checkpoints: what their builder makes, and what the reference reader finds in them."""

from pathlib import Path

import make_checkpoints
import pytest
import safetensors

from paramctl.sources.open import open_source

FOLDER = Path(__file__).parents[2] / "fixtures" / "checkpoints"
FILES = sorted(name for name in make_checkpoints.files() if name.endswith(".safetensors"))


def test_the_files_are_what_their_builder_makes():
    found = {
        str(path.relative_to(FOLDER)): path.read_bytes()
        for path in FOLDER.rglob("*")
        if path.is_file() and path != FOLDER / "README.md"
    }
    assert found == make_checkpoints.files()


@pytest.mark.parametrize("name", FILES)
def test_names_dtypes_shapes_and_bytes_are_those_of_the_reference(name):
    reference = dict(safetensors.deserialize((FOLDER / name).read_bytes()))
    with open_source(FOLDER / name, family_ties=lambda config: []) as source:
        found = {
            entry.name: {
                "dtype": entry.dtype,
                "shape": list(entry.shape),
                "data": source.raw(entry.name),
            }
            for entry in source.manifest.stored
        }
    assert found == {
        name: {**tensor, "data": bytes(tensor["data"])} for name, tensor in reference.items()
    }


def test_shards_hold_what_the_single_file_holds():
    with open_source(FOLDER / "mlp.safetensors") as one, open_source(FOLDER / "sharded") as many:
        assert sorted(many.manifest.names) == sorted(one.manifest.names)
        for name in one.manifest.names:
            assert many.raw(name) == one.raw(name)


def test_every_file_is_described():
    readme = (FOLDER / "README.md").read_text()
    tops = {path.name for path in FOLDER.iterdir()} - {"README.md"}
    assert {
        name for name in tops if f"`{name}`" not in readme and f"`{name}/`" not in readme
    } == set()
