"""Options that split and fuse share."""

from typing import Annotated

import typer

Layout = Annotated[
    str,
    typer.Option(
        "--layout",
        metavar="NAME",
        help="qkv ([Q; K; V] blocks), neox (per head), conv1d (GPT-2), gate-up or experts.",
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
