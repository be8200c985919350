"""Modules, parameters, operations and gradients."""
