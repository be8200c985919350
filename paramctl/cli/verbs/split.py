"""Split fused tensors into their parts."""

from paramctl.cli.fusing import fusing

GROUP = "Change"

run = fusing("split", "Split the selected tensors that have a fused name of the layout.")
