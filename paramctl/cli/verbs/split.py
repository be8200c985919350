"""Split fused tensors into their parts."""

from paramctl.cli.fusing import Dim, Heads, KeyHeads, Layout, Names
from paramctl.cli.options import AllowEmpty, Common, Expect, Model, SelectSome, verb
from paramctl.cli.writing import Writing, carry_out, writes

GROUP = "Change"


@verb
@writes
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
    """Split the selected tensors that have a fused name of the layout.

    Names of qkv, neox and conv1d: qkv_proj = q_proj k_proj v_proj, qkv = q k v,
    query_key_value = query key value, c_attn = c_q c_k c_v, Wqkv = Wq Wk Wv,
    in_proj_weight and in_proj_bias. Of gate-up: gate_up_proj = gate_proj up_proj,
    w13 = w1 w3. Of experts: experts.REST = experts.N.REST.
    """
    from paramctl.edit import steps

    step = steps.split(select, layout, names, heads, kv_heads, head_dim, allow_empty, expect)
    carry_out("split", model, [step], writing, common)
