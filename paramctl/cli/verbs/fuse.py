"""Fuse parts into one tensor."""

from paramctl.cli.fusing import fusing

GROUP = "Change"

run = fusing("fuse", "Fuse the selected tensors that have the name of a part in the layout.")
