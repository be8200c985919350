"""Edits: steps on selections, planned together on names and shapes, written once."""
