"""A checkpoint bound to a module tree: values, sizes, ties, and every mismatch at once."""

import ml_dtypes
import numpy as np
import pytest
from hand_built import activation, checkpoint, linear, mlp, mlp_arrays, sequence

from paramctl.binding.bind import bind
from paramctl.engine.execution import Execution
from paramctl.engine.module import Module
from paramctl.engine.parameter import Parameter
from paramctl.sources.open import open_source
from paramctl.spec.sizes import Deferred
from paramctl.spec.spellings import Spellings


@pytest.fixture
def bound(tmp_path):
    """Bind a module to a file with these arrays."""
    opened = []

    def make(module, arrays, *, metadata=None, **options):
        opened.append(open_source(checkpoint(tmp_path / "m.safetensors", metadata, **arrays)))
        return bind(opened[-1], module, **options)

    yield make
    for source in opened:
        source.close()


def test_a_checkpoint_that_fits_gives_every_parameter_its_tensor(bound):
    arrays = mlp_arrays()
    binding = bound(mlp(), arrays)
    assert binding.fits
    assert binding.names == {n: n for n in ("0.weight", "0.bias", "2.weight", "2.bias")}
    for name, parameter in binding.module.named_parameters():
        np.testing.assert_array_equal(parameter.value.array(), arrays[name.replace(".", "__")])


def test_a_bound_model_computes(bound):
    arrays = mlp_arrays()
    binding = bound(mlp(), arrays)
    run = Execution()
    x = np.linspace(-1, 1, 8, dtype=np.float32).reshape(2, 4)
    hidden = np.maximum(x @ arrays["0__weight"].T + arrays["0__bias"], 0)
    wanted = hidden @ arrays["2__weight"].T + arrays["2__bias"]
    found = run.call(binding.module, run.constant(x)).array
    np.testing.assert_allclose(found, wanted, rtol=1e-6)


def test_open_sizes_come_from_the_checkpoint_and_say_so(bound):
    module = mlp(inputs=None, hidden=256)
    binding = bound(module, mlp_arrays(20, 256))
    assert binding.fits
    weight = module["0.weight"]
    assert weight.shape == (256, 20)
    assert weight.origins[1] == "the checkpoint"


def test_a_known_size_must_match_even_where_another_is_open(bound):
    binding = bound(mlp(inputs=None, hidden=255), mlp_arrays(20, 256))
    assert {found.name for found in binding.mismatched} == {"0.weight", "0.bias", "2.weight"}
    assert binding.mismatched[0].problem == (
        "expected shape [255, ?], the checkpoint has [256, 20]: "
        "size of 'out' is 255, 256 by the checkpoint"
    )
    assert binding.missing == []
    assert binding.unexpected == []


def test_everything_wrong_is_told_at_once(bound):
    arrays = mlp_arrays()
    arrays["2__scale"] = arrays.pop("2__bias")
    arrays["0__weight"] = arrays["0__weight"].astype(np.int32)
    binding = bound(mlp(), arrays)
    assert binding.missing == ["2.bias"]
    assert binding.unexpected == ["2.scale"]
    assert [found.problem for found in binding.mismatched] == [
        "expected numbers like F32, the checkpoint has I32"
    ]


def test_a_tensor_of_another_rank_is_mismatched(bound):
    arrays = mlp_arrays()
    arrays["0__bias"] = arrays["0__bias"].reshape(1, -1)
    [found] = bound(mlp(), arrays).mismatched
    assert found.problem == "expected shape [8], the checkpoint has [1, 8]"


def test_half_precision_values_keep_their_dtype_until_they_are_used(bound):
    arrays = {name: a.astype(ml_dtypes.bfloat16) for name, a in mlp_arrays().items()}
    binding = bound(mlp(), arrays)
    assert binding.fits
    assert binding.module["0.weight"].value.dtype == "BF16"
    assert binding.module["0.weight"].dtype == "BF16"


def test_what_files_carry_and_models_no_longer_need_is_left_over(bound):
    arrays = mlp_arrays() | {"embeddings__position_ids": np.arange(4)}
    arrays["h__0__attn__bias"] = np.ones((2, 2), np.float32)
    binding = bound(mlp(), arrays, ignore=["attn.bias"])
    assert binding.fits
    assert binding.leftovers == ["embeddings.position_ids", "h.0.attn.bias"]


def test_a_missing_integer_is_missing(bound):
    module = sequence(linear("0", 4, 8))
    module["0"].parameters["count"] = Parameter("0.count", (), dtype="I64", kind="buffer")
    arrays = {name: a for name, a in mlp_arrays().items() if name.startswith("0")}
    assert bound(module, arrays).missing == ["0.count"]


def test_what_is_not_kept_in_files_is_not_missing(bound):
    module = sequence(linear("0", 4, 8))
    module["0"].parameters["mask"] = Parameter("0.mask", (2,), kind="constant", persistent=False)
    arrays = {name: a for name, a in mlp_arrays().items() if name.startswith("0")}
    assert bound(module, arrays).fits


@pytest.mark.parametrize("carried", [True, False])
def test_a_prefix_may_be_carried_or_lacking(bound, carried):
    inner = linear("bert.0", 4, 8)
    module = Module("Model", "", {"bert": Module("Bert", "bert", {"0": inner})})
    begin = "bert__0" if carried else "0"
    arrays = {f"{begin}__weight": np.ones((8, 4)), f"{begin}__bias": np.ones(8)}
    binding = bound(module, arrays, spellings=Spellings(prefixes=("bert.",)))
    assert binding.fits
    assert binding.names["bert.0.weight"] == f"{begin}.weight".replace("__", ".")


def test_a_prefix_may_be_added(bound):
    arrays = {f"model__{name}": array for name, array in mlp_arrays().items()}
    assert bound(mlp(), arrays, spellings=Spellings(prefixes=("model.",))).fits


def test_old_spellings_are_known_where_the_spec_declares_them(bound):
    arrays = mlp_arrays()
    arrays["0__gamma"], arrays["0__beta"] = arrays.pop("0__weight"), arrays.pop("0__bias")
    spellings = Spellings(renamed={"gamma": "weight", "beta": "bias"})
    binding = bound(mlp(), arrays, spellings=spellings)
    assert binding.fits
    assert binding.names["0.weight"] == "0.gamma"


def test_a_spec_can_ask_what_a_file_holds():
    spellings = Spellings(prefixes=("bert.",))
    present = spellings.present(["embeddings.word.weight", "cls.bias"])
    assert present("cls.")
    assert present("bert.embeddings.")
    assert not present("pooler.")
    assert not present("word")


def test_an_old_spelling_may_be_a_run_of_segments_anywhere_in_a_name():
    spellings = Spellings(prefixes=("bert.",), renamed={"attn.Norm": "attention.norm"})
    assert "bert.h.0.attn.Norm.weight" in list(spellings.of("h.0.attention.norm.weight"))
    assert spellings.present(["h.0.attn.Norm.weight"])("bert.h.0.attention.norm.")


def test_sizes_made_from_an_open_one_follow_it(bound):
    size = Deferred("width")
    module = sequence(linear("0", size, 8))
    module["0"].parameters["wide"] = Parameter("0.wide", (size * 2,))
    arrays = {"0__weight": np.ones((8, 3)), "0__bias": np.ones(8), "0__wide": np.ones(6)}
    assert bound(module, arrays).fits
    assert size.origin == "the checkpoint"


def tied_mlp():
    """Linear, relu, and a second layer of the same shape that shares its weight."""
    module = sequence(linear("0", 4, 4), activation("1"), linear("2", 4, 4))
    module["2"].parameters["weight"] = module["0"].parameters["weight"]
    return module


def test_either_name_of_a_tie_may_be_the_stored_one(bound):
    for kept in ("0__weight", "2__weight"):
        arrays = mlp_arrays(4, 4, 4)
        shared = arrays.pop("0__weight"), arrays.pop("2__weight")
        arrays[kept] = shared[0]
        binding = bound(tied_mlp(), arrays)
        assert binding.fits
        np.testing.assert_array_equal(binding.module["2.weight"].value.array(), shared[0])


def test_a_tie_stored_twice_with_one_value_stays_a_tie(bound):
    arrays = mlp_arrays(4, 4, 4)
    arrays["2__weight"] = arrays["0__weight"]
    binding = bound(tied_mlp(), arrays)
    assert binding.fits
    assert binding.module.ties() == [["0.weight", "2.weight"]]
    assert binding.notes == []


def test_a_tie_stored_with_two_values_comes_apart(bound):
    arrays = mlp_arrays(4, 4, 4)
    binding = bound(tied_mlp(), arrays)
    assert binding.fits
    assert binding.module.ties() == []
    np.testing.assert_array_equal(binding.module["0.weight"].value.array(), arrays["0__weight"])
    np.testing.assert_array_equal(binding.module["2.weight"].value.array(), arrays["2__weight"])
    assert binding.notes == [
        "the spec ties 2.weight to 0.weight, but the checkpoint stores different values: "
        "they stay apart"
    ]


def test_one_module_in_two_places_can_not_have_two_values(bound):
    layer = linear("0", 4, 4)
    module = Module("Sequential", "", {"0": layer, "2": layer})
    arrays = mlp_arrays(4, 4, 4)
    [first, second] = bound(module, arrays).mismatched
    assert (first.name, second.name) == ("2.weight", "2.bias")
    assert first.problem == (
        "the spec uses one module here and for 0.weight, the checkpoint has two values"
    )


def test_names_that_the_file_ties_are_one_parameter(bound):
    arrays = mlp_arrays(4, 4, 4)
    del arrays["2__weight"]
    untied = sequence(linear("0", 4, 4), activation("1"), linear("2", 4, 4))
    binding = bound(untied, arrays, metadata={"2.weight": "0.weight"})
    assert binding.fits
    assert binding.module.ties() == [["0.weight", "2.weight"]]
