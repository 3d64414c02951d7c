"""commands.md: every command of `facades`, from typer."""

from collections.abc import Iterator
from typing import Any

import typer
from typer.core import TyperArgument, TyperGroup

from docs.generate.markdown import sentence, table
from pipelines.cli.main import commands


def parts() -> Iterator[str]:
    """Yield the parts of the page."""
    yield (
        "`facades COMMAND --help` prints the same.\n"
        "An error is one line on standard error for each mistake, and the exit code is then 1."
    )
    root = typer.main.get_command(commands)
    assert isinstance(root, TyperGroup)
    context = typer.Context(root, info_name="facades")
    panels: dict[str, list[Any]] = {}
    for command in root.commands.values():
        if not command.hidden:
            panels.setdefault(_panel(command), []).append(command)
    # Groups by subject first, since a person types them; then the commands that `dvc repro` calls.
    for panel, members in sorted(panels.items(), key=lambda item: not isinstance(item[1][0], TyperGroup)):
        if not isinstance(members[0], TyperGroup):
            yield f"## {panel or 'Other commands'}"
        for command in members:
            yield from _command(command, context)


def _command(command: Any, parent: typer.Context) -> Iterator[str]:
    context = typer.Context(command, parent=parent, info_name=command.name)
    if isinstance(command, TyperGroup):
        yield f"## {context.command_path}"
        yield sentence(_help(command))
        for member in command.commands.values():
            if not member.hidden:
                yield from _command(member, context)
        return
    usage = [piece for piece in command.collect_usage_pieces(context) if piece != "[OPTIONS]"]
    yield f"### {context.command_path}"
    yield f"```\n{' '.join([context.command_path, *usage])}\n```"
    yield from (sentence(paragraph) for paragraph in _help(command).split("\n\n"))
    rows = [_row(param, context) for param in command.params if param.name != "help" and not param.hidden]
    if rows:
        yield table(("argument or option", "default", "meaning"), rows)


def _row(param: Any, context: typer.Context) -> list[str]:
    if isinstance(param, TyperArgument):
        (name,) = param.get_usage_pieces(context)
    else:
        name = ", ".join([*param.opts, *param.secondary_opts])
        if not param.is_flag:
            name += f" {param.metavar or param.display_type(context)}"
    value = param.get_default(context, call=False)
    if param.secondary_opts:
        value = param.opts[0] if value else param.secondary_opts[0]
    default = "required" if param.required else "" if value in (None, False, ()) or callable(value) else f"`{value}`"
    return [f"`{name}`", default, sentence(param.help or "")]


def _panel(command: Any) -> str:
    panel = getattr(command, "rich_help_panel", None)
    return panel if isinstance(panel, str) else ""


def _help(command: Any) -> str:
    return (command.help or "").partition("\f")[0]
