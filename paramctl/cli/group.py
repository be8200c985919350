"""The table of verbs: the files of ``cli/verbs``, each imported when it is called."""

import importlib
import pkgutil
from typing import Any

import typer
from typer.core import TyperGroup

from paramctl.cli import verbs
from paramctl.names import near

_GROUPS = ("Look", "Judge", "Run", "Change", "Learn")


def verb_names() -> list[str]:
    """Every verb, by the names of the files."""
    return sorted(module.name.rstrip("_") for module in pkgutil.iter_modules(verbs.__path__))


def verb_module(name: str) -> Any:
    """The module of a verb; ``lambda_.py`` may hold a verb that is a Python keyword."""
    found = {
        module.name.rstrip("_"): module.name for module in pkgutil.iter_modules(verbs.__path__)
    }
    return importlib.import_module(f"{verbs.__name__}.{found[name]}")


class Verbs(TyperGroup):
    """A command group that knows its verbs by their files and loads only the one called."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Every verb; shells complete from it."""
        return verb_names()

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of one verb, or ``None``."""
        if cmd_name not in verb_names():
            return None
        module = verb_module(cmd_name)
        if hasattr(module, "app"):
            command = typer.main.get_command(module.app)
            command.name = cmd_name
            return command
        single = typer.Typer(
            add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False
        )
        parser = getattr(module, "Parser", None)  # a verb may read its arguments in its own way
        single.command(name=cmd_name, cls=parser)(module.run)
        return typer.main.get_command(single)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The verb called, or an error that offers the nearest one."""
        if args and not args[0].startswith("-") and args[0] not in verb_names():
            similar = near(args[0], verb_names())
            hint = f"; did you mean {similar[0]}?" if similar else ""
            ctx.fail(f"no verb named '{args[0]}'{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """The verbs in groups, each with the first line of its docstring."""
        modules = {name: verb_module(name) for name in verb_names()}
        for group in _GROUPS:
            rows = [
                (name, (module.__doc__ or "").strip().splitlines()[0].rstrip("."))
                for name, module in modules.items()
                if module.GROUP == group
            ]
            if rows:
                with formatter.section(group):
                    formatter.write_dl(rows)


def several(help_text: str | None) -> typer.Typer:
    """The ``app`` of a verb that has verbs of its own."""
    return typer.Typer(
        help=help_text,
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
