"""What differs between two checkpoints, and whether that was allowed."""
