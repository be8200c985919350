"""``mpi``: the other ranks of an MPI program that ``mpi4py.futures`` runs."""

import sys
from concurrent.futures import Executor

from paramctl.compute.executor import EXECUTORS, Workers
from paramctl.errors import UsageError

_HINT = "mpiexec -n 3 python -m mpi4py.futures -m paramctl VERB … --executor mpi"


@EXECUTORS.register("mpi")
class Mpi(Workers):
    """The pool of ranks 1 and on, which wait for rank 0; a lost rank ends the whole program."""

    name = "mpi"

    def __init__(self, argument: str) -> None:
        super().__init__(argument)
        if argument:
            raise UsageError(f"mpi takes no ':{argument}'", hint=_HINT)
        if not is_mpi():
            _refuse()

    def open(self) -> Executor:
        """The ranks that wait."""
        from mpi4py.futures import MPIPoolExecutor

        # Rank 0's main module is not imported by the others: it would begin the command again.
        return MPIPoolExecutor(main=False)

    def count(self) -> int:
        """All ranks but this one."""
        from mpi4py import MPI

        return max(MPI.COMM_WORLD.Get_size() - 1, 1)


def is_mpi() -> bool:
    """Whether ``python -m mpi4py.futures`` runs this process with others beside it."""
    core = sys.modules.get("mpi4py.futures._core")
    return getattr(core, "SharedPool", None) is not None and _size() > 1


def _size() -> int:
    from mpi4py import MPI

    return MPI.COMM_WORLD.Get_size()


def _refuse() -> None:
    """Say what is missing.

    Raises:
        UsageError: always.
    """
    from importlib.util import find_spec

    if find_spec("mpi4py") is None:
        raise UsageError("mpi4py is not installed here", hint="pip install 'paramctl[mpi]'")
    raise UsageError("this was not started as an MPI program with workers", hint=f"run {_HINT}")
