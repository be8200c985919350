"""Give tied names tensors of their own."""

from paramctl.cli.selecting import selecting

GROUP = "Change"

run = selecting("untie", "Give tied names tensors of their own.")
