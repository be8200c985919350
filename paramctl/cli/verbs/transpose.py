"""Swap the last two axes of tensors."""

from paramctl.cli.selecting import selecting

GROUP = "Change"

run = selecting(
    "transpose",
    "Swap the last two axes of the selected tensors, as between a Linear and GPT-2's Conv1D.",
)
