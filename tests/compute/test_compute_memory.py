"""Freed blocks come back without a page fault."""

import platform
import resource

import numpy as np
import pytest

from paramctl.compute.memory import keep_freed_blocks

BLOCK = 1 << 20
PAGES = 4 * BLOCK // resource.getpagesize()


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has the options")
def test_a_block_that_was_freed_is_used_again_as_it_is():
    keep_freed_blocks()
    np.ones(BLOCK, np.float32)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(10):
        np.ones(BLOCK, np.float32)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before < 5 * PAGES


def test_without_the_options_nothing_happens(monkeypatch):
    monkeypatch.setattr("ctypes.CDLL", lambda name: object())
    keep_freed_blocks.__wrapped__()
