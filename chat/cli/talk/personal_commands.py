"""Commands about the person and the program: `/away`, `/back` and `/set`."""

from chat.cli.talk.context import CommandError, Context
from chat.cli.talk.settings import SETTINGS

_WORDS = {"on": True, "off": False}


async def away(context: Context, _rest: str) -> None:
    """Show others that the person is away."""
    await context.chat.set_status("away")
    context.state.is_away = True


async def back(context: Context, _rest: str) -> None:
    """Show others that the person is back."""
    await context.chat.set_status("online")
    context.state.is_away = False


async def change_setting(context: Context, rest: str) -> None:
    """List the settings, or change one."""
    name, _, value = rest.partition(" ")
    if not name:
        width = max(map(len, SETTINGS))
        context.state.show(
            "settings: /set NAME on|off",
            [
                f"  {each:{width}}  {'on ' if context.settings[each] else 'off'}  {setting.does}"
                for each, setting in SETTINGS.items()
            ],
        )
        return
    if name not in SETTINGS or value.strip() not in _WORDS:
        raise CommandError(f"/set takes one of {', '.join(SETTINGS)}, and on or off")
    try:
        context.settings.change(name, _WORDS[value.strip()])
    except OSError as error:
        raise CommandError(f"changed until you quit, but not stored: {error}") from None
    context.state.notice = f"{name} is {value.strip()}"
