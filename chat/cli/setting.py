"""`chat setting …`: what is changed of the settings, while a server runs on the same data and while none does."""

from typing import TYPE_CHECKING

import click

from chat.cli.data_access import as_json, as_table, data_flags, moment, with_data
from chat.cli.flags import utf8
from chat.domain.bounds import SettingValue
from chat.domain.live_settings import setting_from_text
from chat.domain.refusals import Code, Refusal

if TYPE_CHECKING:
    from chat.data_access import DataAccess


@click.group()
def setting() -> None:
    """List and change settings for all servers, while they run and while they do not.

    A change wins over flags, environment and file until it is taken back. Servers feel it within a second.
    """


@setting.command("list")
@click.option("--json", "json_wanted", is_flag=True, help="One JSON array.")
@data_flags
def list_settings(json_wanted: bool, **flags: object) -> None:
    """List the settings that are changed: to what, since when (UTC), and by whom.

    All others are as each server was started.
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
    click.echo(as_table(("NAME", "VALUE", "CHANGED", "BY"), rows))


@setting.command("set")
@click.argument("name", callback=utf8)
@click.argument("value", callback=utf8)
@data_flags
def set_value(name: str, value: str, **flags: object) -> None:
    """Set NAME to VALUE: names and units are those of the flags of `chat serve`, with `_` for `-`.

    A list is divided by commas: chat setting set widget_origins https://shop.example,https://help.example
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
    """Take the change of NAME back: each server goes by what it was started with."""

    async def act(opened: "DataAccess") -> Refusal | None:
        if name not in await opened.settings.changed_settings():
            return Refusal(Code.NOT_FOUND, f"{name!r} is not changed")
        await opened.settings.change_settings({name: None}, None)
        return None

    with_data(flags, act)
    click.echo(f"took back {name}")


def _shown(value: SettingValue) -> str:
    return str(value) if isinstance(value, str | float | int) else ", ".join(value) or "nothing"
