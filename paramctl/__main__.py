"""The entry point; answers ``--version`` before anything heavy is imported."""

import sys


def main() -> None:
    """Run one command line and leave with its exit code."""
    if sys.argv[1:] == ["--version"]:
        from paramctl import __version__

        print(f"paramctl {__version__}")
        return
    from paramctl.cli.app import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
