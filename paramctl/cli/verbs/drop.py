"""Remove the selected tensors."""

from paramctl.cli.selecting import selecting

GROUP = "Change"

run = selecting("drop", "Remove the selected tensors.")
