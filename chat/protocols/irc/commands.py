"""Every command that IRC's clients may send, with its handler."""

from chat.protocols.irc import history, people, registration, rooms, talking
from chat.protocols.irc.handler import Handler

REGISTERING: dict[str, Handler] = registration.COMMANDS
"""Those that are handled before a client has registered too."""

COMMANDS: dict[str, Handler] = {
    **talking.COMMANDS,
    **history.COMMANDS,
    **rooms.COMMANDS,
    **people.COMMANDS,
}
