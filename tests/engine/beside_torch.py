"""A call of ours and one of torch, with the same inputs in float64."""

from typing import Any

import numpy as np

from paramctl.engine.execution import Execution


def arrays(seed: int, *shapes: tuple[int, ...]) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape) for shape in shapes]


def compare(ours: Any, theirs: Any, inputs: list[np.ndarray], tolerance: float = 1e-10) -> None:
    """Both functions give the same value, and the same gradients of its weighted sum."""
    import torch

    execution = Execution(dtype="float64", mode="tape")
    tensors = [execution.variable(x) for x in inputs]
    result = ours(execution, *tensors)
    leaves = [torch.tensor(x, requires_grad=True) for x in inputs]
    expected = theirs(*leaves)
    np.testing.assert_allclose(result.array, expected.detach().numpy(), atol=tolerance)
    weights = np.random.default_rng(9).standard_normal(result.shape)
    result.slot.add(np, weights)
    execution.tape.backward(np)
    expected.backward(torch.tensor(weights))
    for tensor, leaf in zip(tensors, leaves, strict=True):
        np.testing.assert_allclose(tensor.slot.gradient, leaf.grad.numpy(), atol=tolerance)


def call(name: str, **options: Any) -> Any:
    return lambda execution, *tensors: execution.function(name, *tensors, **options)
