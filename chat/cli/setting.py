"""`chat setting …`: settings changed at run time. Works while a server runs on the data and while none does."""

from typing import TYPE_CHECKING

import click

from chat.cli.data_access import as_json, as_table, data_flags, moment, with_data
from chat.cli.flags import utf8
from chat.domain.administration.live_settings import SETTING_NAMES, setting_from_text, unknown_setting
from chat.domain.limits.bounds import SettingValue
from chat.domain.refusals import Code, Refusal

if TYPE_CHECKING:
    from chat.data_access import DataAccess


_NONE = "no setting was changed: each server uses its flags, environment and file"


@click.group()
def setting() -> None:
    """List and change settings without a restart.

    A change takes effect on all servers within a second, and wins over their flags, environment and file until it is
    unset. Works while servers run and while they do not.
    """


@setting.command("list")
@click.option("--json", "json_wanted", is_flag=True, help="Print a JSON array.")
@data_flags
def list_settings(json_wanted: bool, **flags: object) -> None:
    """List the settings that were changed.

    Each server uses the values from its start for all others. Times are in UTC.
    """
    changed = with_data(flags, lambda opened: opened.settings.changed_settings())
    if json_wanted:
        click.echo(
            as_json(
                [
                    {
                        "name": name,
                        "value": each.value,
                        "at": moment(each.at).isoformat(),
                        "by": each.by and each.by.name,
                    }
                    for name, each in changed.items()
                ]
            )
        )
        return
    rows = [
        (name, _shown(each.value), f"{moment(each.at):%F %T}", each.by.name if each.by else "a command")
        for name, each in changed.items()
    ]
    click.echo(as_table(("NAME", "VALUE", "CHANGED", "BY"), rows, _NONE))


@setting.command("set", epilog=f"Settings: {', '.join(SETTING_NAMES)}.")
@click.argument("name", callback=utf8)
@click.argument("value", callback=utf8)
@data_flags
def set_value(name: str, value: str, **flags: object) -> None:
    """Change a setting on all servers.

    `chat serve --help` explains each, with its unit. Separate the values of a list by commas: chat setting set
    widget_origins https://shop.example,https://help.example
    """

    async def act(opened: "DataAccess") -> str | Refusal:
        wanted = setting_from_text(name, value)
        if isinstance(wanted, Refusal):
            return wanted
        await opened.settings.change_settings({name: wanted}, None)
        return _shown(wanted)

    click.echo(f"set {name} to {with_data(flags, act)}")


@setting.command()
@click.argument("name", callback=utf8)
@data_flags
def unset(name: str, **flags: object) -> None:
    """Unset a setting: each server uses the value from its start again."""

    async def act(opened: "DataAccess") -> Refusal | None:
        if name not in await opened.settings.changed_settings():
            if name not in SETTING_NAMES:
                return unknown_setting(name)
            return Refusal(
                Code.NOT_FOUND, f"{name} was not changed: each server uses the value from its start"
            )
        await opened.settings.change_settings({name: None}, None)
        return None

    with_data(flags, act)
    click.echo(f"unset {name}: each server uses the value from its start")


def _shown(value: SettingValue) -> str:
    return str(value) if isinstance(value, str | float | int) else ", ".join(value) or "nothing"
