"""A server with a house on it, or two on one database: then what one of them makes is asked of the other."""

import secrets
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import quote

from tests.authorisation.cells import BY_NAME, Cell
from tests.authorisation.clients import Api, Json, Live, live
from tests.authorisation.older_sockets import OLDER, DirectSocket, NotLetIn, OlderSocket
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
        self._older: dict[tuple[str, str], OlderSocket] = {}
        self._stack = stack
        for who in house.people:
            if who.removesuffix(" of the closed") in RELATIONS and who not in NO_LONGER:
                self.sockets[who] = stack.enter_context(live(asked.url, house.people[who].token))

    def ask(self, cell: Cell) -> Answer:
        """Ask what a cell asks, of what the house makes for it."""
        fields, asks = self.house.fields(cell), self.house.asks_as(cell.relation, cell.place)
        if cell.act.call is not None and cell.way.endswith("socket"):
            answer = self._ask_older(cell.way, asks, cell.act.call[1], fields)
        elif cell.act.call is not None:
            answer = self.api.ask_rooms(self.house.token(asks), cell.act.call, fields, self.house.last_room)
        elif cell.way == "HTTP":
            answer = self.api.ask(self.house.token(asks), BY_NAME[cell.act.operation], fields)
        else:
            answer = self.sockets[asks].may(cell.frame, fields)
        self.house.after(cell)
        return answer

    def _ask_older(self, way: str, who: str, what: str, fields: Json) -> Answer:
        try:
            return self._older_socket(way, who).ask(what, fields)
        except NotLetIn as refused:
            return refused.answer
        except EOFError:  # closed in place of an answer
            self._older.pop((way, who), None)
            return Answer.UNAUTHENTICATED

    def _older_socket(self, way: str, who: str) -> OlderSocket:
        """Somebody's socket of an older protocol, which is opened once, and again after it was closed."""
        if (way, who) not in self._older:
            opened = OLDER[way.removesuffix(" socket")](self.server.url, self.house.token(who))
            self._older[way, who] = self._stack.enter_context(opened)
            if isinstance(opened, DirectSocket) and who != "host":
                inbox = self._older_socket(way, "host")
                assert isinstance(inbox, DirectSocket)
                opened.inbox = inbox
        return self._older[way, who]


@contextmanager
def open_site() -> Generator[Site]:
    """One server, which makes what is asked of it."""
    with ExitStack() as stack:
        data = stack.enter_context(used_data_path())
        server = stack.enter_context(running_server(data, CHAT_WIDGET_ORIGINS="*", CHAT_PING_INTERVAL="3600"))
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
                running_server(
                    stack.enter_context(data_path()),
                    *arguments,
                    CHAT_WIDGET_ORIGINS="*",
                    CHAT_PING_INTERVAL="3600",
                )
            )
            for _ in range(2)
        )
        yield Site(House(here, stack.enter_context(Api(here.url))), there, stack)
