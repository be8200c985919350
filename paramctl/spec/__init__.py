"""Architecture specs: YAML to a module tree; layers and families are data beside the code."""
