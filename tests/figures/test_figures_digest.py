"""Digests against hashlib on the text of the format."""

import hashlib

import numpy as np
from memory_source import MemorySource

from paramctl.figures.digest import digest, digests_of, model_digest


def test_a_tensor_is_hashed_with_its_dtype_and_shape():
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    source = MemorySource(x=array)
    expected = hashlib.sha256(b"F32 2,3\n" + array.tobytes()).hexdigest()
    assert digest(source, source["x"]) == expected


def test_scalars_and_empty_tensors_have_digests_of_their_own():
    source = MemorySource(scalar=np.float32(0), empty=np.zeros((0, 2), np.float32))
    assert digest(source, source["scalar"]) == hashlib.sha256(b"F32 \n\0\0\0\0").hexdigest()
    assert digest(source, source["empty"]) == hashlib.sha256(b"F32 0,2\n").hexdigest()


def test_long_tensors_are_hashed_whole():
    array = np.random.default_rng(0).integers(0, 256, (3 << 20) + 5, np.uint8)
    source = MemorySource(a=array, b=array[:9])
    found = list(digests_of(source, source.entries.values()))
    text = f"U8 {len(array)}\n".encode()
    assert found[0] == hashlib.sha256(text + array.tobytes()).hexdigest()
    assert found[1] == digest(source, source["b"])


def test_the_model_digest_ignores_order():
    expected = hashlib.sha256(b"a\t1\nb\t2\n").hexdigest()
    assert model_digest({"b": "2", "a": "1"}) == model_digest({"a": "1", "b": "2"}) == expected
