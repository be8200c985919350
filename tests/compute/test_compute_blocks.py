"""Buffers that are used again."""

import numpy as np

from paramctl.compute.blocks import scratch


def test_a_buffer_begins_in_the_middle_of_a_page():
    """Where the kernel copies to it at full speed from the start of a page."""
    for count in (1, 1000, 1 << 20):
        assert scratch(f"page {count}", count, np.float32).ctypes.data % 4096 == 2048


def test_a_purpose_keeps_its_memory():
    first = scratch("kept", 1000, np.float32)
    assert np.shares_memory(first, scratch("kept", 10, np.float64))
    assert not np.shares_memory(first, scratch("another", 10, np.float64))
