"""The verbs between fused tensors and their parts, which differ in direction alone."""

from collections.abc import Callable
from typing import Annotated

import typer

from paramctl.cli.options import AllowEmpty, Common, Expect, Model, SelectSome, verb
from paramctl.cli.writing import Writing, carry_out, writes

_NAMES = """

Names of qkv, neox and conv1d: qkv_proj = q_proj k_proj v_proj, qkv = q k v,
query_key_value = query key value, c_attn = c_q c_k c_v, Wqkv = Wq Wk Wv,
in_proj_weight and in_proj_bias. Of gate-up: gate_up_proj = gate_proj up_proj,
w13 = w1 w3. Of gpt-oss: gate_up_proj = gate_proj up_proj, with _bias, _blocks and
_scales behind. Of experts: experts.REST = experts.N.REST.
"""

Layout = Annotated[
    str,
    typer.Option(
        "--layout",
        metavar="NAME",
        help="qkv ([Q; K; V] blocks), neox (per head), conv1d (GPT-2), gate-up, gpt-oss (gate and "
        "up take turns) or experts.",
    ),
]
Names = Annotated[
    str | None,
    typer.Option(
        "--names",
        metavar="FUSED=PART,PART",
        help="Segments of the names, in place of the layout's: qkv=query,key,value.",
    ),
]
Heads = Annotated[
    int | None,
    typer.Option("--heads", metavar="N", help="Heads; config.json knows where it is left out."),
]
KeyHeads = Annotated[
    int | None, typer.Option("--kv-heads", metavar="N", help="Heads of keys and values.")
]
Dim = Annotated[int | None, typer.Option("--head-dim", metavar="N", help="Size of a head.")]


def fusing(name: str, about: str) -> Callable[..., None]:
    """The verb of an edit.

    Args:
        name: of the verb and of its builder in ``edit.steps``.
        about: how its help begins.
    """

    def run(
        model: Model,
        select: SelectSome,
        layout: Layout,
        names: Names = None,
        heads: Heads = None,
        kv_heads: KeyHeads = None,
        head_dim: Dim = None,
        allow_empty: AllowEmpty = False,
        expect: Expect = None,
        *,
        writing: Writing,
        common: Common,
    ) -> None:
        from paramctl.edit import steps

        build = getattr(steps, name)
        step = build(select, layout, names, heads, kv_heads, head_dim, allow_empty, expect)
        carry_out(name, model, [step], writing, common)

    run.__doc__ = about + _NAMES
    return verb(writes(run))
