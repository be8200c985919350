"""Verbs that are told which tensors, and nothing else."""

from collections.abc import Callable

from paramctl.cli.options import AllowEmpty, Common, Expect, Model, SelectSome, verb
from paramctl.cli.writing import Writing, carry_out, writes


def selecting(name: str, about: str) -> Callable[..., None]:
    """The verb of an edit.

    Args:
        name: of the verb and of its builder in ``edit.steps``.
        about: what its help says.
    """

    def run(
        model: Model,
        select: SelectSome,
        allow_empty: AllowEmpty = False,
        expect: Expect = None,
        *,
        writing: Writing,
        common: Common,
    ) -> None:
        from paramctl.edit import steps

        step = getattr(steps, name)(select, allow_empty, expect)
        carry_out(name, model, [step], writing, common)

    run.__doc__ = about
    return verb(writes(run))
