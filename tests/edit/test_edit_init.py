"""Which rule draws what, ties, buffers, and the errors of an initialization."""

from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
from edit.init_plans import SHAPES, checkpoint, planned, values
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

from paramctl.edit.init import Init
from paramctl.edit.init_choice import Choice
from paramctl.edit.plan import Step, plan
from paramctl.init.draw import draw
from paramctl.init.normal import Normal
from paramctl.init.rules import parse_rule
from paramctl.sources.open import open_source


def choices(
    path: Path, *schemes: str, select: tuple[str, ...] = (), **options
) -> dict[str, Choice]:
    found: list[Choice] = []
    planned(path, *schemes, select=select, tell=found.append, **options)
    return {choice.entry.name: choice for choice in found}


def test_a_global_scheme_is_for_weights_and_leaves_biases_zero(tmp_path):
    made = values(planned(checkpoint(tmp_path), "constant(1)"))
    assert {name: set(x.ravel().tolist()) for name, x in made.items()} == {
        "0.weight": {1}, "0.bias": {0}, "2.weight": {1}, "2.bias": {0}, "norm.weight": {1},
    }  # fmt: skip


@pytest.mark.parametrize(("bias", "wanted"), [("keep", None), ("constant(2)", 2.0), ("ones", 1.0)])
def test_biases_follow_their_option(tmp_path, bias, wanted):
    made = values(planned(checkpoint(tmp_path), "normal", bias=bias))
    if wanted is None:
        assert "0.bias" not in made
    else:
        assert set(made["0.bias"].tolist()) == {wanted}


def test_biases_by_default_are_uniform_within_the_root_of_the_fan(tmp_path):
    made = values(planned(checkpoint(tmp_path), "normal", bias="default"))
    assert 0 < np.abs(made["0.bias"]).max() <= 0.5


def test_the_default_scheme_is_torchs_per_layer(tmp_path):
    made = values(planned(checkpoint(tmp_path)))
    for name in ("0.weight", "0.bias", "2.weight", "2.bias"):
        assert 0 < np.abs(made[name]).max() <= 0.5
    assert made["norm.weight"].tolist() == [1] * 8


@pytest.mark.parametrize(
    ("scheme", "low", "high"),
    [
        ("mxnet.default", 0.06, 0.07),
        ("keras.default", 0.6, 0.70711),
        ("paddle_default", 0.6, 0.70711),
    ],
)
def test_defaults_of_other_frameworks(tmp_path, scheme, low, high):
    made = values(planned(checkpoint(tmp_path), scheme))
    assert low < np.abs(made["0.weight"]).max() <= high
    assert not made["0.bias"].any()


def test_vectors_alone_take_the_scheme_themselves(tmp_path):
    made = values(planned(checkpoint(tmp_path), "constant(5)", select=("bias",)))
    assert {name: x[0] for name, x in made.items()} == {"0.bias": 5, "2.bias": 5}


def test_the_last_matching_rule_wins_and_an_exact_name_beats_it(tmp_path):
    found = choices(
        checkpoint(tmp_path), "0.weight=ones", "**.weight=zeros", "0.*=constant(7)", "normal"
    )
    assert {name: (choice.scheme, choice.rule) for name, choice in found.items()} == {
        "0.weight": ("ones", "--scheme 0.weight"),
        "0.bias": ("constant(7)", "--scheme 0.*"),
        "2.weight": ("zeros", "--scheme **.weight"),
        "2.bias": ("zeros", "biases are zeros unless --bias says"),
        "norm.weight": ("zeros", "--scheme **.weight"),
    }


def test_what_no_rule_matches_takes_the_default(tmp_path):
    found = choices(checkpoint(tmp_path), "0.weight=ones")
    assert found["2.weight"].rule == "--scheme default: torch's linear weight"


def test_a_scalar_that_no_rule_names_is_kept(tmp_path):
    path = checkpoint(tmp_path, logit_scale=np.float32(2.65))
    choice = choices(path, "normal")["logit_scale"]
    assert (choice.initializer, choice.rule) == (None, "rank below 2, and no rule names it")


def test_values_are_those_of_the_stream_of_the_name(tmp_path):
    made = values(planned(checkpoint(tmp_path), "normal(std=0.02)", seed=7))
    assert np.array_equal(made["2.weight"], draw(Normal(std=0.02), 7, "2.weight", (8, 4)))


@given(st.sets(st.sampled_from(["0.weight", "2.weight"]), min_size=1))
@settings(max_examples=4, deadline=None)
def test_any_subset_gets_the_values_of_the_whole(chosen):
    """Law 6."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = checkpoint(Path(folder))
        whole = values(planned(path, "xavier", seed=1))
        part = values(planned(path, "xavier", seed=1, select=tuple(chosen)))
        assert set(part) == chosen
        for name in chosen:
            assert np.array_equal(part[name], whole[name])


def test_two_steps_come_to_the_same_as_one(tmp_path):
    path = checkpoint(tmp_path)
    with open_source(path) as source:
        edit = Init((parse_rule("normal"),), 3)
        both = values(plan(source, [Step(edit, ("0",)), Step(edit, ("2.weight",))]))
        reverse = values(plan(source, [Step(edit, ("2.weight",)), Step(edit, ("0",))]))
    assert both.keys() == reverse.keys() == {"0.weight", "0.bias", "2.weight"}
    assert all(np.array_equal(both[name], reverse[name]) for name in both)


def test_a_tie_is_drawn_once_under_the_stored_name(tmp_path):
    path = checkpoint(tmp_path, {"4.weight": "2.weight"})
    by_alias = values(planned(path, "normal", select=("4.weight",)))
    assert set(by_alias) == {"2.weight"}
    by_name = values(planned(path, "normal", select=("2.weight", "4.weight")))
    assert np.array_equal(by_alias["2.weight"], by_name["2.weight"])


def test_a_half_precision_tensor_holds_the_rounded_single_draw(tmp_path):
    path = tmp_path / "m.safetensors"
    save_file({"0.weight": np.zeros((8, 4), ml_dtypes.bfloat16)}, path)
    made = values(planned(path, "normal"))["0.weight"]
    full = draw(Normal(), 0, "0.weight", (8, 4))
    assert np.array_equal(made, full.astype(ml_dtypes.bfloat16))


BATCH_NORM = {
    "bn__weight": np.full(4, 3, "f4"),
    "bn__bias": np.full(4, 3, "f4"),
    "bn__running_mean": np.full(4, 3, "f4"),
    "bn__running_var": np.full(4, 3, "f4"),
    "bn__num_batches_tracked": np.int64(9),
}


def test_buffers_are_left_alone(tmp_path):
    made = values(planned(checkpoint(tmp_path, **BATCH_NORM), "normal"))
    assert {"bn.weight", "bn.bias"} <= set(made)
    assert not {name for name in made if "running" in name or "tracked" in name}


def test_buffers_return_to_rest_when_asked_for(tmp_path):
    path = checkpoint(tmp_path, **BATCH_NORM)
    made = values(planned(path, "default", select=("kind:buffer",)))
    assert {name: set(x.ravel().tolist()) for name, x in made.items()} == {
        "bn.running_mean": {0}, "bn.running_var": {1}, "bn.num_batches_tracked": {0},
    }  # fmt: skip


def test_a_buffer_takes_a_scheme_by_its_exact_name(tmp_path):
    path = checkpoint(tmp_path, **BATCH_NORM)
    made = values(planned(path, "constant(4)", select=("bn.running_var",)))
    assert made["bn.running_var"].tolist() == [4] * 4


def test_norms_of_gemma_become_zero(tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "gemma2"}')
    folder = tmp_path
    checkpoint(folder).rename(folder / "model.safetensors")
    made = values(planned(folder, "normal"))
    assert made["norm.weight"].tolist() == [0] * 8


def test_axes_can_be_told(tmp_path):
    path = checkpoint(tmp_path, h__0__c_attn__weight=np.zeros((64, 192), "f4"))
    made = values(
        planned(path, "kaiming", select=("h.0.c_attn.weight",), axes=("**.c_attn.weight=in out",))
    )
    bound = np.sqrt(6 / 64)
    assert 0.98 * bound < np.abs(made["h.0.c_attn.weight"]).max() <= bound


def test_nothing_is_read_for_a_plan(tmp_path):
    """A dry run of a checkpoint whose tensors are cut off would fail if it read them."""
    path = checkpoint(tmp_path)
    with open_source(path) as source:
        made = plan(source, [Step(Init((parse_rule("normal"),)))])
        assert len(made.changes) == len(SHAPES)
    assert load_file(path)["0.weight"].tolist() == np.full((8, 4), 3.0).tolist()
