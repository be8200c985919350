"""Checkpoints behind URLs: ranges of their files, pinned to one content, fetched ahead."""
