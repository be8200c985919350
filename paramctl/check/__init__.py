"""Whether a checkpoint is sound: one function per rule."""
