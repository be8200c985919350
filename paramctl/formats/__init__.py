"""Bytes to manifest and back: safetensors files, sharded indexes."""
