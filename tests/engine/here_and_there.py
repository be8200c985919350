"""What a run on another device has in common with the same run on the host."""

import numpy as np
import pytest

from paramctl.engine.execution import Execution
from paramctl.expression.errors import LanguageError

INDEXED = ("embedding", "take", "gather")


def same_outputs(here, there, tolerance):
    """Insist on the same outputs by the same modules."""
    assert here.outputs.keys() == there.outputs.keys()
    for name, held in here.outputs.items():
        found = there.outputs[name].array
        np.testing.assert_allclose(found, held.array, rtol=tolerance, atol=tolerance)
    assert [row.module for row in here.trace] == [row.module for row in there.trace]


def same_gradients(here, there, arrays, others, rtol, atol):
    """Insist on the same gradients, in the results and in the files that they were saved to."""
    assert here.gradients.keys() == there.gradients.keys()
    assert arrays
    assert arrays.keys() == others.keys()
    for name, array in arrays.items():
        np.testing.assert_allclose(others[name], array, rtol=rtol, atol=atol)


def refuses_index(backend, name, wrong):
    """Insist that an index outside is refused, in words that name the table or the axis."""
    run = Execution(backend)
    table, index = run.constant(np.ones((4, 1), np.float32)), run.constant([[wrong]])
    operands = {"embedding": (index, table), "take": (table, index), "gather": (table, index)}
    what = {"embedding": "the table"}.get(name, "axis 0 of [4, 1]")
    options = {} if name == "embedding" else {"axis": 0}
    with pytest.raises(LanguageError) as caught:
        run.apply(name, *operands[name], **options)
    assert str(caught.value) == f"index {wrong} is outside {what}, which has 4 rows"
