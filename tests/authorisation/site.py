"""A server with a house on it, or two on one database: then what one of them makes is asked of the other."""

import secrets
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import quote

from websockets.exceptions import InvalidStatus

from tests.authorisation.cells import BY_NAME, Cell
from tests.authorisation.clients import STATUSES, Api, Entering, Live, entering, live
from tests.authorisation.rules import NO_LONGER, RELATIONS, Answer
from tests.authorisation.world import House
from tests.support.databases import kept_database
from tests.support.server import ServerProcess, data_path, running_server, used_data_path


class Site:
    """A house, and who asks about it: over one connection, and a socket for each of those who may have one."""

    def __init__(self, house: House, asked: ServerProcess, stack: ExitStack) -> None:
        self.house = house
        self.server = asked
        self.api = stack.enter_context(Api(asked.url))
        self.sockets: dict[str, Live] = {}
        self._entering: dict[str, Entering] = {}
        self._stack = stack
        for who in house.people:
            if who.removesuffix(" of the closed") in RELATIONS and who not in NO_LONGER:
                self.sockets[who] = stack.enter_context(live(asked.url, house.people[who].token))

    def ask(self, cell: Cell) -> Answer:
        """Ask what a cell asks, of what the house makes for it."""
        fields, asks = self.house.fields(cell), self.house.asks_as(cell.relation, cell.place)
        if cell.act.call is not None:
            room = self.house.last_room
            if cell.way == "Rooms socket":
                answer = self._enter(asks, room)
            else:
                answer = self.api.ask_rooms(self.house.token(asks), cell.act.call, fields, room)
        elif cell.way == "HTTP":
            answer = self.api.ask(self.house.token(asks), BY_NAME[cell.act.operation], fields)
        else:
            answer = self.sockets[asks].may(cell.frame, fields)
        self.house.after(cell)
        return answer

    def _enter(self, who: str, room: int) -> Answer:
        if who not in self._entering:
            try:
                opened = self._stack.enter_context(entering(self.server.url, self.house.people[who].token))
            except InvalidStatus as refused:  # whoever has no place there gets no socket
                return STATUSES[refused.response.status_code]
            self._entering[who] = opened
        return self._entering[who].may(room)


@contextmanager
def open_site() -> Generator[Site]:
    """One server, which makes what is asked of it."""
    with ExitStack() as stack:
        data = stack.enter_context(used_data_path())
        server = stack.enter_context(running_server(data, CHAT_WIDGET_ORIGINS="*"))
        house = House(server, stack.enter_context(Api(server.url)))
        yield Site(house, server, stack)


@contextmanager
def open_two(keeper: ServerProcess, directory: Path) -> Generator[Site]:
    """Two servers on a database of their own."""
    secret = directory / "secret"
    secret.write_text(secrets.token_urlsafe(32))
    files = directory / "files"
    with ExitStack() as stack:
        database = stack.enter_context(kept_database(keeper))
        place = f"host={quote(str(database['host']), safe='')}&port={database['port']}"
        url = f"postgresql://{database['user']}@/{database['database']}?{place}"
        arguments = [
            "--database",
            url,
            "--bus",
            "notify",
            "--secret-file",
            str(secret),
            "--files",
            str(files),
        ]
        here, there = (
            stack.enter_context(
                running_server(stack.enter_context(data_path()), *arguments, CHAT_WIDGET_ORIGINS="*")
            )
            for _ in range(2)
        )
        yield Site(House(here, stack.enter_context(Api(here.url))), there, stack)
