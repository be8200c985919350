"""One operation, one place: its shape rule, its value and its derivative, side by side."""
