"""The command line: parse, call, print. Typer is imported here and nowhere else."""
