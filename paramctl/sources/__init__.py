"""Checkpoints as one thing: a manifest, and bytes by name, whatever is behind."""
