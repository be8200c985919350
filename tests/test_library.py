"""The library without the command line: what `import paramctl` gives."""

import subprocess
import sys
from pathlib import Path

import pytest

import paramctl

CHECKPOINTS = Path(__file__).parent.parent / "fixtures" / "checkpoints"


def test_importing_the_library_loads_nothing():
    script = "import paramctl, sys; print([m for m in sys.modules if m.startswith('paramctl.')])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr


@pytest.mark.parametrize("name", paramctl.__all__)
def test_every_name_is_there_and_explained(name):
    assert getattr(paramctl, name).__doc__


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match=r"module 'paramctl' has no attribute 'nothing'"):
        _ = paramctl.nothing


def test_a_checkpoint_is_read_edited_and_compared(tmp_path):
    """The main job in ten lines."""
    from paramctl.edit.rename import Rename
    from paramctl.edit.rename_rules import parse_rule

    out = tmp_path / "out.safetensors"
    with paramctl.open_source(CHECKPOINTS / "mlp.safetensors") as source:
        chosen = paramctl.choose(source.manifest, ["weight"])
        assert all(paramctl.statistics(source, entry).nan == 0 for entry in chosen)
        steps = [paramctl.Step(Rename((parse_rule("0=first"),)))]
        plan = paramctl.plan(source, steps)
        paramctl.write(plan, paramctl.destination(plan, paramctl.Where(output=out)))
        with paramctl.open_source(out) as other:
            assert {change.status for change in paramctl.diff_sources(source, other).changes} == {
                "renamed"
            }
