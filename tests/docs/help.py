"""``make docs``: writes docs/commands.md, the help of every command, which a test compares with the program."""

from collections.abc import Iterator

import click

from gonogo.cli.program import cli
from tests.docs.blocks import ROOT

PAGE = ROOT / "docs" / "commands.md"
_HEAD = """# Commands

The help of every command, as the program prints it. Exit codes are in [formats and exit codes](formats.md).

The Tab key completes commands, options, and the names of environments, checks, lines, gates, roles, runs and faults:

```
eval "$(_GONOGO_COMPLETE=bash_source gonogo)"     # bash 4.4 or newer; put it into ~/.bashrc
eval "$(_GONOGO_COMPLETE=zsh_source gonogo)"      # zsh; into ~/.zshrc
_GONOGO_COMPLETE=fish_source gonogo | source      # fish; into ~/.config/fish/completions/gonogo.fish
```
"""


def rendered() -> str:
    """The whole page."""
    return _HEAD + "".join(f"\n## {name}\n\n```text\n{text}\n```\n" for name, text in _helps(cli, "gonogo", None))


def _helps(command: click.Command, name: str, parent: click.Context | None) -> Iterator[tuple[str, str]]:
    context = click.Context(
        command, info_name=name.rpartition(" ")[2], parent=parent, terminal_width=100, **cli.context_settings
    )
    yield name, command.get_help(context)
    if isinstance(command, click.Group):
        for inner in command.list_commands(context):
            found = command.get_command(context, inner)
            if found is not None:
                yield from _helps(found, f"{name} {inner}", context)


if __name__ == "__main__":
    PAGE.write_text(rendered(), encoding="utf-8")
