"""The small safe language: parsed once against a white list, evaluated over given names."""
