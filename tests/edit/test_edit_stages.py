"""config.json of networks in stages follows other layers of a stage and other stages."""

import pytest

from paramctl.edit.stage_config import stage_changes

CONFIG = {
    "depths": [2, 3, 1],
    "hidden_sizes": [8, 16, 32],
    "num_heads": [1, 2],
    "num_stages": 3,
    "stage_names": ["stem", "stage1", "stage2", "stage3"],
    "out_features": ["stage3"],
    "out_indices": [3],
}


@pytest.mark.parametrize(
    ("path", "before", "order", "depths"),
    [
        ("resnet.encoder.stages.1.layers", [0, 1, 2], [0, 2], [2, 2, 1]),
        ("swin.encoder.layers.0.blocks", [0, 1], [0, 1, 1], [3, 3, 1]),
        ("stages.2.layers", [0], [0, 0], [2, 3, 2]),
    ],
)
def test_layers_of_a_stage_change_its_depth(path, before, order, depths):
    assert stage_changes(CONFIG, path, before, order) == {"depths": depths}


def test_other_stages_take_what_is_theirs_along():
    assert stage_changes(CONFIG, "resnet.encoder.stages", [0, 1, 2], [0, 1]) == {
        "depths": [2, 3],
        "hidden_sizes": [8, 16],
        "num_stages": 2,
        "stage_names": ["stem", "stage1", "stage2"],
        "out_features": ["stage2"],
        "out_indices": [2],
    }


@pytest.mark.parametrize(
    ("config", "path", "before"),
    [
        ({}, "encoder.stages.1.layers", [0, 1, 2]),
        (CONFIG, "encoder.stages.1.layers", [0, 1]),
        (CONFIG, "encoder.stages.7.layers", [0, 1, 2]),
        (CONFIG, "encoder.stages.1.layers", [1, 2, 3]),
        (CONFIG, "model.layers", [0, 1]),
        (CONFIG, "model.experts.1.parts", [0, 1, 2]),
    ],
)
def test_what_is_no_stage_changes_nothing(config, path, before):
    assert stage_changes(config, path, before, before[:1]) == {}
