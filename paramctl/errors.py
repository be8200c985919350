"""Every error a user can cause, with its kind and exit code.

ParamctlError
├── UsageError          2  a flag, a selection, a name, a refusal to overwrite
│   └── SelectionError  2  a selection that can't be read or chooses nothing
├── InputError          3  something read from disk
│   ├── CheckpointError 3  a checkpoint or its index
│   │   └── MissingError 3  a file of it that is not there
│   └── SpecError       3  a spec, a recipe, an expression inside one
├── ResourceError       4  device, disk, memory
└── FoundError          1  the answer is no: a mismatch, a refused overflow
"""

from typing import Literal

Kind = Literal["usage", "input", "resource", "found", "bug"]


class ParamctlError(Exception):
    """What went wrong, where, and what to do about it.

    Attributes:
        problem: the thing, the value found, the value wanted; may go on over
            further lines (an underlined excerpt), which are printed as they are.
        where: a file, ``file: tensor``, ``file:line:column``, or empty.
        hint: what to do next, with the command to type, or empty.
    """

    exit_code = 2
    kind: Kind = "usage"

    def __init__(self, problem: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.where}: {self.problem}" if self.where else self.problem


class UsageError(ParamctlError):
    """The command line asks for something that can't be done."""


class SelectionError(UsageError):
    """A selection that can't be read, or that selects nothing."""


class InputError(ParamctlError):
    """An input is missing, unreadable or malformed."""

    exit_code = 3
    kind: Kind = "input"


class CheckpointError(InputError):
    """A checkpoint or its index breaks a rule of its format."""


class MissingError(CheckpointError):
    """A file of a checkpoint is not there."""


class SpecError(InputError):
    """A spec or a recipe breaks a rule of its language."""


class ResourceError(ParamctlError):
    """A device, the disk or the memory does not do what was asked."""

    exit_code = 4
    kind: Kind = "resource"


class FoundError(ParamctlError):
    """The command worked and its answer is no."""

    exit_code = 1
    kind: Kind = "found"
