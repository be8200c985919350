"""The language's documentation is complete: whatever can be called is told, with its shapes."""

import pytest
from command import expect
from spec.spec_runs import built, write

from paramctl.engine.function import function_names, has_function
from paramctl.engine.operation import OPERATIONS
from paramctl.errors import SpecError, UsageError
from paramctl.spec.language import describe_functions
from paramctl.spec.questions import QUESTIONS

PROMISED = [
    "relu",
    "gelu",
    "gelu_tanh",
    "quick_gelu",
    "silu",
    "sigmoid",
    "tanh",
    "softmax",
    "exp",
    "log",
    "sqrt",
    "rsqrt",
    "abs",
    "where",
    "minimum",
    "maximum",
    "sum",
    "mean",
    "max",
    "argmax",
    "cumsum",
    "linear",
    "einsum",
    "embedding",
    "layer_norm",
    "rms_norm",
    "conv",
    "pool",
    "max_pool",
    "avg_pool",
    "attention",
    "rope",
    "heads",
    "merge_heads",
    "relative_buckets",
    "keep_top",
    "mixture",
    "split",
    "concat",
    "stack",
    "reshape",
    "transpose",
    "flatten",
    "pad",
    "arange",
    "zeros",
    "ones",
    "rfft",
    "fft",
]


@pytest.mark.parametrize("name", PROMISED)
def test_a_promised_function_is_there(name):
    assert has_function(name)
    assert describe_functions(name)[0].usage


def test_every_name_that_can_be_called_is_told():
    told = {name for one in describe_functions() for name in (one.name, *one.aliases)}
    assert told == {*function_names(), *QUESTIONS}


@pytest.mark.parametrize("name", QUESTIONS)
def test_what_can_be_asked_of_a_checkpoint_is_told(name, tmp_path):
    [found] = describe_functions(name)
    assert found.usage.startswith(f"{name}(")
    assert found.formula
    assert found.shapes.startswith("under ``params`` and ``modules``, a text")
    spec = write(tmp_path, f"paramctl: 1\nmodel: Repeat(1 if {name}(3) else 2, relu)\n")
    with pytest.raises(SpecError) as refused:
        built(spec, present=lambda beginning: False)
    assert f"{name} takes the beginning of a name, not 3 (int)" in str(refused.value)


@pytest.mark.parametrize("name", OPERATIONS.names())
def test_every_operation_has_a_formula_shapes_and_examples(name):
    [found] = describe_functions(name)
    assert found.formula
    assert found.shapes or name in ("zeros", "ones")
    assert OPERATIONS[name].examples()


def test_a_mistyped_function_offers_the_nearest():
    with pytest.raises(UsageError) as refused:
        describe_functions("softmx")
    assert (str(refused.value), refused.value.hint) == (
        "no function named 'softmx'", "did you mean softmax?"
    )  # fmt: skip


def test_one_function_is_shown_with_its_rule_and_source():
    out = expect(0, "spec", "language", "rms_norm", "-f", "table").out
    assert out.startswith("rms_norm(x, weight")
    assert "arXiv:1910.07467" in out


def test_it_prints_json_and_markdown():
    found = expect(0, "spec", "language", "heads", "--json").json
    assert found["schema"] == "paramctl/spec/1"
    assert found["functions"] == [
        {
            "name": "heads", "usage": "heads(x, count)", "aliases": ["split_heads"],
            "formula": "Features as ``count`` heads.",
            "shapes": "x ``(…, t, count * d)`` → ``(…, count, t, d)``", "source": "",
        }
    ]  # fmt: skip
    rows = expect(0, "spec", "language", "-f", "md").out.splitlines()
    assert len(rows) == len(describe_functions()) + 2
