"""Values to text: tables and trees on a terminal, plain lines in a pipe, strict JSON."""
