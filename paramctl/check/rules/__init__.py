"""The rules, found by their files."""
