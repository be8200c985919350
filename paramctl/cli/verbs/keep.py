"""Keep only the selected tensors."""

from paramctl.cli.selecting import selecting

GROUP = "Change"

run = selecting("keep", "Keep only the selected tensors.")
