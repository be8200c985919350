"""Checkpoints to work on elsewhere, and workers that a session shares."""

import json

import ml_dtypes
import numpy as np
import pytest
from clusters import Packing, dask_cluster
from command import expect

from paramctl.compute import elsewhere
from paramctl.compute import executor as executors
from paramctl.compute.executor import EXECUTORS
from paramctl.formats import parts


@pytest.fixture(autouse=True)
def _many_jobs(monkeypatch):
    """Jobs so small that a few MiB make many, and a tensor of 12 MiB is cut."""
    monkeypatch.setattr(elsewhere, "_ALONE", 0)
    monkeypatch.setattr(executors, "_SMALLEST", 1 << 18)
    monkeypatch.setattr(parts, "_GRAIN", 1 << 23)


def _save(path, arrays):
    fields, position, blobs = {}, 0, []
    names = {"float32": "F32", "bfloat16": "BF16", "int64": "I64"}
    for name, array in arrays.items():
        blobs.append(array.tobytes())
        end = position + len(blobs[-1])
        fields[name] = {
            "dtype": names[array.dtype.name],
            "shape": list(array.shape),
            "data_offsets": [position, end],
        }
        position = end
    text = json.dumps(fields).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(len(text).to_bytes(8, "little") + text + b"".join(blobs))


@pytest.fixture(scope="session")
def models(tmp_path_factory):
    """A folder with ``a/``, three shards with a tensor of 12 MiB, many small ones, NaN, integers
    and nothing; and ``b/``, where some of it has changed."""
    folder = tmp_path_factory.mktemp("models")
    random = np.random.default_rng(0)

    def normal(*shape):
        return random.standard_normal(shape, np.float32)

    arrays = {f"layers.{n}.norm": 1 + normal(24) / 9 for n in range(60)}
    arrays["embed.weight"] = normal(1024, 3000)
    arrays |= {f"layers.{n}.weight": normal(300, 900).astype(ml_dtypes.bfloat16) for n in range(8)}
    arrays |= {"ids": np.arange(70_000), "none.weight": np.zeros((0, 3), np.float32)}
    arrays["layers.3.weight"][7, 5] = np.nan
    _save(folder / "a.safetensors", arrays)
    arrays["embed.weight"] = arrays["embed.weight"] + np.float32(1e-3)
    arrays["layers.7.norm"] = normal(24)
    _save(folder / "b.safetensors", arrays)
    for name in "ab":
        file = folder / f"{name}.safetensors"
        expect(0, "reshard", file, "--max-shard-size", "8MiB", "-o", folder / name, "-q")
        file.unlink()
    return folder


@pytest.fixture(scope="session")
def scheduler():
    """The address of a real dask scheduler with two worker processes."""
    with dask_cluster() as address:
        yield address


@pytest.fixture(scope="session")
def through_dask(scheduler):
    """The workers of that scheduler."""
    workers = EXECUTORS["dask"](scheduler)
    yield workers
    workers.close()


@pytest.fixture(scope="session")
def processes():
    """Two processes."""
    workers = EXECUTORS["processes"]("2")
    yield workers
    workers.close()


@pytest.fixture(params=["processes", "through_dask"])
def workers(request):
    """Workers in other processes, which stay for the whole session."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def packing():
    """A worker in this process that gets everything out of a pickle."""
    one = Packing("")
    yield one
    one.close()
