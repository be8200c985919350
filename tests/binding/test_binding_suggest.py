"""The rename that would make a checkpoint fit, and the refusal that carries it."""

import numpy as np
import pytest
from hand_built import activation, checkpoint, linear, mlp, mlp_arrays, sequence

from paramctl.binding.bind import bind
from paramctl.binding.refuse import require_fit
from paramctl.binding.suggest import suggest
from paramctl.edit.rename_rules import parse_rule
from paramctl.errors import CheckpointError
from paramctl.sources.open import open_source


def spelled(arrays, change):
    return {change(name.replace("__", ".")): array for name, array in arrays.items()}


KERNEL = "{head**}.kernel.{tail**}={head**}.weight.{tail**}"


@pytest.mark.parametrize(
    ("change", "rule", "supplied"),
    [
        (lambda n: f"module.{n}", "module=", 4),
        (lambda n: n.replace("0.", "model.0."), "model=", 2),
        (lambda n: n.replace("0.", "first.", 1), "first=0", 2),
        (lambda n: n.replace("weight", "kernel"), KERNEL, 2),
    ],
)
def test_one_rename_is_told_and_the_rename_verb_reads_it(tmp_path, change, rule, supplied):
    arrays = spelled(mlp_arrays(), change)
    with open_source(checkpoint(tmp_path / "m.safetensors", **arrays)) as source:
        binding = bind(source, mlp())
        found = suggest(binding)
    assert found is not None
    assert found.rename.rule == rule
    assert found.supplied == supplied
    given = parse_rule(rule)
    for name in binding.unexpected:
        assert (given.rename(name) or name) == found.rename.apply(name)


def test_a_missing_beginning_is_added(tmp_path):
    module = sequence(linear("model", 4, 8), activation("1"))
    arrays = {"weight": np.ones((8, 4)), "bias": np.ones(8)}
    with open_source(checkpoint(tmp_path / "m.safetensors", **arrays)) as source:
        found = suggest(bind(source, module))
    assert found is not None
    assert found.rename.rule == "{name**}=model.{name**}"
    assert parse_rule(found.rename.rule).rename("weight") == "model.weight"


def test_no_rename_is_told_where_none_helps(tmp_path):
    arrays = {"odd": np.ones((3, 3))}
    with open_source(checkpoint(tmp_path / "m.safetensors", **arrays)) as source:
        assert suggest(bind(source, mlp())) is None


def test_the_refusal_lists_every_offender_and_the_rename(tmp_path):
    path = checkpoint(tmp_path / "m.safetensors", **spelled(mlp_arrays(), lambda n: f"module.{n}"))
    with open_source(path) as source, pytest.raises(CheckpointError) as refused:
        require_fit(bind(source, mlp()), "mlp.yaml")
    assert (
        str(refused.value)
        == f"""\
{path}: it does not fit mlp.yaml: 4 missing, 4 unexpected
  missing: 0.bias [8]
  missing: 0.weight [8, 4]
  missing: 2.bias [1]
  missing: 2.weight [1, 8]
  unexpected: module.0.bias [8]
  unexpected: module.0.weight [8, 4]
  unexpected: module.2.bias [1]
  unexpected: module.2.weight [1, 8]"""
    )
    assert refused.value.hint == (
        f"`paramctl rename {path} module= -o OUT` would supply 4 of the 4 missing"
    )


def test_a_long_refusal_is_capped_with_the_count(tmp_path):
    layers = [linear(str(number), 2, 2) for number in range(20)]
    path = checkpoint(tmp_path / "m.safetensors", x=np.ones(1))
    with open_source(path) as source, pytest.raises(CheckpointError) as refused:
        require_fit(bind(source, sequence(*layers)), "net.yaml")
    lines = str(refused.value).splitlines()
    assert len(lines) == 1 + 10 + 1 + 1
    assert lines[11] == "  missing: 30 more"


def test_a_checkpoint_that_fits_is_not_refused(tmp_path):
    with open_source(checkpoint(tmp_path / "m.safetensors", **mlp_arrays())) as source:
        require_fit(bind(source, mlp()), "mlp.yaml")
