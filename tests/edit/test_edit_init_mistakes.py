"""What an initialization can't do is said, with the option that would do it."""

import numpy as np
import pytest
from edit.init_plans import checkpoint, planned

from paramctl.errors import SelectionError, UsageError
from paramctl.init.draw import expect_fit
from paramctl.init.scheme import parse_scheme

CONV1D = "Linear stores (out, in), GPT-2's Conv1D (in, out)"


@pytest.mark.parametrize(
    ("schemes", "options", "error", "text", "hint"),
    [
        (
            ("xavier",), {"select": ("0.bias",)}, UsageError,
            "0.bias: fans need two axes or more, and it has 1 (xavier)",
            "give it a scheme without fans, such as zeros or normal(std=0.02)",
        ),
        (
            ("xavier",), {"select": ("c_attn",)}, UsageError,
            f"c_attn.weight: which axis is in and which is out is not known: {CONV1D}",
            'say it: --axes "c_attn.weight=in out", or use a spec',
        ),
        (
            ("xavier",), {"select": ("experts",)}, UsageError,
            "experts.weight: which axis is in and which is out is not known: three axes may be "
            "experts or a convolution",
            'say it: --axes "experts.weight=expert out in", or use a spec',
        ),
        (
            ("dirac",), {"select": ("0.weight",)}, UsageError,
            "0.weight: it needs three to five axes, and the tensor has 2", "",
        ),
        (
            ("0.weight=ones",), {"select": ("2",)}, SelectionError,
            "'0.weight' matches nothing that is initialized",
            "select it too, or leave out its rule: ones",
        ),
        (
            (), {"select": ("experts", "scale")}, UsageError,
            "no default is known for experts.weight, scale",
            "give a rule: --scheme 'experts.weight=normal(std=0.02)', or use a spec",
        ),
        (
            ("normal",), {"select": ("steps*",)}, SelectionError,
            "'steps*' selects buffers and constants only",
            "they are initialized by their exact names, or with kind:buffer",
        ),
        (
            ("normal",), {"seed": -1}, UsageError,
            "a seed is a whole number from 0 to 18446744073709551615, not -1", "",
        ),
        (
            ("normal",), {"axes": ("0.weight",)}, UsageError,
            "expected SELECT=ROLES, found '0.weight'", '--axes "NAME=in out"',
        ),
        (
            ("normal",), {"axes": ("0.weight=out",)}, UsageError,
            "0.weight: 2 axes, but roles for 1", "",
        ),
    ],
)  # fmt: skip
def test_what_cant_be_done_is_said(tmp_path, schemes, options, error, text, hint):
    path = checkpoint(
        tmp_path,
        c_attn__weight=np.zeros((4, 12), "f4"),
        experts__weight=np.zeros((2, 4, 4), "f4"),
        scale=np.float32(1),
        steps=np.int64(1),
    )
    with pytest.raises(error) as raised:
        planned(path, *schemes, **options)
    assert (str(raised.value), raised.value.hint) == (text, hint)


def test_random_values_do_not_fit_whole_numbers(tmp_path):
    path = checkpoint(tmp_path, steps=np.zeros(3, "i8"))
    with pytest.raises(UsageError) as error:
        planned(path, "normal", select=("steps",))
    assert str(error.value) == "steps: I64 holds whole numbers only"


@pytest.mark.parametrize("scheme", ["normal", "orthogonal", "zeros"])
def test_a_dtype_without_numbers_is_an_error_that_names_the_tensor(scheme):
    with pytest.raises(UsageError) as error:
        expect_fit(parse_scheme(scheme), "0.weight", (8, 4), "F4")
    assert str(error.value) == "0.weight: F4 tensors can be listed and copied, not computed on"
