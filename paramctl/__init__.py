"""Model inspection and parameter surgery for safetensors checkpoints."""

__version__ = "0.1.0"
