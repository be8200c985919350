"""The tour: its bundle is what its script makes, and every step does what it says."""

import make_tour
from command import spawn

from paramctl.cli.verbs.tour import _BUNDLE, _STEPS


def test_the_bundle_is_what_its_script_makes(tmp_path):
    make_tour.make(tmp_path)
    made = {path.relative_to(tmp_path): path for path in tmp_path.rglob("*") if path.is_file()}
    kept = {path.relative_to(_BUNDLE): path for path in _BUNDLE.rglob("*") if path.is_file()}
    assert made.keys() == kept.keys()
    for name, path in made.items():
        assert path.read_bytes() == kept[name].read_bytes(), name


def test_the_tour_shows_each_command_and_reaches_its_end(tmp_path):
    folder = tmp_path / "kept"
    result = spawn("tour", "--keep", folder)
    assert result.code == 0, result.err
    for _, commands in _STEPS:
        for line, _ in commands:
            assert f"$ paramctl {line}\n" in result.out
    assert result.err.endswith("That was the main job. `paramctl -h` lists the verbs.\n")
    assert {"model", "new", "tied", "mlp.yaml", "mlp.safetensors"} <= {
        path.name for path in folder.iterdir()
    }
