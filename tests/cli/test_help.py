"""The help of each command, as read by a person who has never run it."""

from collections.abc import Iterator
from typing import get_args

import click
import pytest

from chat.cli import main
from chat.cli.flags import metavar
from chat.settings.config import FIELDS, describe


def each_command(
    command: click.Command, context: click.Context
) -> Iterator[tuple[click.Command, click.Context]]:
    yield command, context
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            if (inner := command.get_command(context, name)) is not None:
                yield from each_command(inner, click.Context(inner, context, name))


EACH = [*each_command(main, click.Context(main, info_name="chat", terminal_width=80))]
each = pytest.mark.parametrize(
    ("command", "context"), EACH, ids=[context.command_path for _, context in EACH]
)


@each
def test_each_command_is_described_in_one_line(command: click.Command, context: click.Context) -> None:
    cut = [line for line in command.get_help(context).splitlines() if line.endswith("...")]
    assert [line for line in cut if not line.startswith("Usage:")] == []


@each
def test_each_argument_and_option_is_described(command: click.Command, context: click.Context) -> None:
    for parameter in command.get_params(context):
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name
        elif not command.hidden:
            assert parameter.make_metavar(context).strip("[].") != "TEXT", parameter.name


@pytest.mark.parametrize("name", [name for name in FIELDS if get_args(FIELDS[name].type)[0] is not bool])
def test_the_value_of_a_setting_is_called_after_its_unit(name: str) -> None:
    said, called = describe(name), metavar(name)
    kind = get_args(FIELDS[name].type)[0]
    assert (called in ("N", "N|auto")) <= (kind is int), "only a count has no unit"
    assert ("a second" in said) == called.endswith("/SECOND")
    assert said.startswith("Seconds") == (called == "SECONDS")
    assert (called in ("BYTES", "BYTES/SECOND")) == ("ytes" in said and kind is int)
