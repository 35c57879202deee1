"""One world for all cells: people in every relation to rooms of every kind, made through the server itself."""

import itertools
import json
from collections.abc import Collection
from typing import Any

import msgspec

from tests.authorisation.cells import Cell, is_left_out
from tests.authorisation.clients import Api, Json
from tests.authorisation.rules import INSIDE, NO_LONGER, RELATIONS
from tests.support.people import PASSWORD, eventually
from tests.support.server import ServerProcess

_ROLES = {
    "operator": ["operator"],
    "server-moderator": ["moderator"],
    "admin": ["admin"],
    "moderator-inside": ["moderator"],
    "admin-inside": ["admin"],
}
"""Of the server, by relation."""

_WERE_IN = ("removed", *NO_LONGER)
"""Who was a member, and is none."""

_VISITORS = ("visitor", "guest", "guest of the closed")

_WITHOUT_LOBBY = (*_VISITORS, "bot")

_OTHERS = ("host", "someone", "stranger", "peer", "member of the closed")


_EVERYTHING = ("own", "host_s", "file", "code", "invite")


class Person(msgspec.Struct):
    """Somebody, and a token of theirs."""

    id: int
    name: str
    token: str


class Place(msgspec.Struct):
    """A room, as somebody asks about it: what fills the holes of an act's fields."""

    room: int
    name: str = "words"
    is_private: bool = False
    is_archived: bool = False
    own: dict[str, int] = msgspec.field(default_factory=dict)
    """The `seq` of what each person wrote."""
    is_over: bool = False
    """Nobody can write there any more."""
    others: str = "host"
    """Who wrote what is another's."""
    file: int = 0
    code: str = "no-such-code"
    invite: str = "00" * 32


class House:
    """People and rooms. `api` is the server that makes them, through which everything here is changed."""

    def __init__(self, server: ServerProcess, api: Api) -> None:
        self.api = api
        self._numbers = itertools.count(1)
        self.people: dict[str, Person] = {}
        self.last_room = 0
        """The room about which was asked last."""
        self._add_people(server)
        self.blocks(first=True)
        self.places: dict[tuple[str, str], Place] = {}
        """By place and relation; an empty relation stands for everybody else."""
        self._make_places()
        admin = self.people["admin"].token
        for relation in NO_LONGER:
            path = f"/admin/people/{self.people[relation].id}"
            if relation == "disabled":
                api.call(admin, "PATCH", path, {"disabled": True})
            else:
                api.call(admin, "DELETE", path)
        api.call(admin, "DELETE", f"/admin/people/{self.people['peer'].id}")
        self.blocks(first=False)

    def token(self, who: str) -> str | None:
        return None if who == "nobody" else self.people[who].token

    def asks_as(self, relation: str, place: str) -> str:
        """Who has this relation to that place."""
        own = f"{relation} of the closed"
        return own if place == "support closed" and own in self.people else relation

    def fields(self, cell: Cell) -> Json:
        """The fields of a cell's act, with the holes filled in."""
        place = self._place_of(cell)
        self.last_room = place.room
        asks = self.asks_as(cell.relation, cell.place)
        anothers = place.own.get(self._other_than(asks, place), 1)
        values: dict[str, Any] = {
            "room": place.room,
            "me": self.people[asks].id if asks in self.people else 0,
            "my_name": self.people[asks].name if asks in self.people else "",
            "host_s_name": self.people["host"].name,
            **{each: self.people[each].id for each in ("someone", "host", "stranger", "operator", "visitor")},
            "other": self.people[place.others].id,
            "own": place.own.get(asks, anothers),
            "host_s": anothers,
            "file": place.file,
            "code": place.code,
            "invite": place.invite,
            "name": place.name,
            "key": f"key-{next(self._numbers)}",
            "flipped": not place.is_private,
            "reopened": not place.is_archived,
        }
        filled: Json = _filled(cell.act.fields, values)
        return filled

    def rooms_of(self, who: str) -> dict[int, str]:
        """The rooms that somebody has, and the place that each is; an operator has the conversations that are open."""
        rooms = {}
        for (place, relation), made in self.places.items():
            for each in [relation] if relation else INSIDE[place.split()[0]]:
                is_another = not relation and (place, each) in self.places
                is_there = not place.endswith("deleted") and not is_another and not is_left_out(place, each)
                is_closed = place == "support closed" and each == "operator"
                if is_there and not is_closed and self.asks_as(each, place) == who:
                    rooms[made.room] = place
            in_all = place.startswith("lobby") and who not in _WITHOUT_LOBBY
            if in_all or (place == "support open" and who == "operator"):
                rooms[made.room] = place
        if who == "operator":
            rooms[self.own_of_operator] = "support open"
        return rooms

    def after(self, cell: Cell) -> None:
        """Close again what was opened by a message."""
        if cell.place == "support closed" and cell.expected == "done":
            room = self._place(cell.place, cell.relation).room
            self.api.call(self.people["operator"].token, "PATCH", f"/support/{room}", {"state": "closed"})

    def blocks(self, *, first: bool) -> None:
        """Let the host block whom they block; at first nobody is."""
        if not first:
            self.api.call(self.people["host"].token, "PUT", f"/me/blocks/{self.people['blocked'].id}")

    def _add_people(self, server: ServerProcess) -> None:
        said = "nobody is an admin yet"
        eventually(lambda: said in server.log.read_text(), "a code is logged")
        (line,) = [each for each in server.log.read_text().splitlines() if said in each]
        first = self.api.call(
            None, "POST", "/setup", {"code": json.loads(line)["code"], "name": "admin", "password": PASSWORD}
        )
        self.people["admin"] = _person(first)
        accounts = [
            each for each in (*RELATIONS, *_OTHERS) if each not in ("nobody", "admin", *_WITHOUT_LOBBY)
        ]
        for who in accounts:
            name = who.replace(" ", "-")
            new = {"name": name, "password": PASSWORD, "roles": _ROLES.get(who, [])}
            self.api.call(first["access"], "POST", "/admin/people", new)
            session = self.api.call(None, "POST", "/auth/login", {"login": name, "password": PASSWORD})
            self.people[who] = _person(session)
        host = self.people["host"].token
        bot = self.api.call(host, "POST", "/bots", {"name": "bot", "scopes": ["read", "speak", "react"]})
        wanted = {"name": "of the tests", "password": PASSWORD}
        token = self.api.call(host, "POST", f"/bots/{bot['id']}/tokens", wanted)["token"]
        self.people["bot"] = Person(bot["id"], "bot (bot)", token)
        for who in _VISITORS:
            session = self.api.call(None, "POST", "/support/visitors", {})
            self.people[who] = _person(session)

    def _make_places(self) -> None:
        self._make_lobby()
        for kind in ("public", "private"):
            for state in ("open", "archived", "deleted"):
                self.places[f"{kind} {state}", ""] = self._make_room(
                    kind, state, [*RELATIONS, "someone"], _EVERYTHING
                )
        for relation in ("", "blocked"):
            self.places["direct open", relation] = self._make_direct(relation or "member", "host")
        self.places["direct over", ""] = self._make_direct("member", "peer")
        for where in (("direct open", "blocked"), ("direct over", "")):
            self.places[where].is_over = True
        for state, after in (("open", ""), ("closed", " of the closed")):
            for relation in ("", "guest"):
                made = self._make_support((relation or "member") + after, is_closed=state == "closed")
                self.places[f"support {state}", relation] = made
        self.own_of_operator = self.api.call(self.people["operator"].token, "PUT", "/support")["id"]
        """The conversation that an operator has too, as everybody with an account who opens one."""

    def _make_lobby(self) -> None:
        host = self.people["host"].token
        (lobby,) = (each for each in self.api.call(host, "GET", "/rooms")["rooms"] if each["kind"] == "lobby")
        place = self.places["lobby open", ""] = Place(lobby["id"], lobby["name"])
        for who in ("host", *INSIDE["lobby"]):
            self._say(place, who, has_file=who == "host")

    def _make_room(self, kind: str, state: str, people: list[str], has: Collection[str]) -> Place:
        """Make a room with these people, who say something if it `has` an `own`; who made it leaves it at the end."""
        maker, host, is_private = self.people["maker"].token, self.people["host"], kind == "private"
        name = f"{kind} {next(self._numbers)}"
        room = self.api.call(maker, "POST", "/rooms", {"name": name, "private": is_private})["id"]
        place = Place(room, name, is_private, is_archived=state == "archived")
        self.api.call(maker, "PUT", f"/rooms/{room}/members/{host.id}", {"role": "owner"})
        if {"own", "host_s"} & {*has}:
            self._say(place, "host", has_file="file" in has)
        for who in people:
            if who in (*INSIDE[kind], *_WERE_IN, "banned", "someone"):
                path = f"/rooms/{room}/members/{self.people[who].id}"
                role = who if who in ("owner", "moderator") else "member"
                if who == "bot":
                    self.api.call(host.token, "PUT", f"/bots/{self.people[who].id}/rooms/{room}")
                else:
                    self.api.call(host.token, "PUT", path, {"role": role})
                if "own" in has and who != "someone":
                    self._say(place, who)
                if who == "removed":
                    self.api.call(host.token, "DELETE", path)
                elif who == "banned":
                    self.api.call(host.token, "PUT", path, {"role": "banned"})
        if "own" in has and "maker" in people:
            self._say(place, "maker")
        self.api.call(maker, "DELETE", f"/rooms/{room}/members/{self.people['maker'].id}")
        if {"code", "invite"} & {*has}:
            place.code = self.api.call(host.token, "POST", "/invites", {"room": room})["code"]
            (invite,) = self.api.call(host.token, "GET", f"/rooms/{room}/invites")["invites"]
            place.invite = invite["id"]
        if state == "archived":
            self.api.call(host.token, "PATCH", f"/rooms/{room}", {"archived": True})
        elif state == "deleted":
            self.api.call(host.token, "DELETE", f"/rooms/{room}")
        return place

    def _make_direct(self, who: str, other: str) -> Place:
        room = self.api.call(self.people[who].token, "PUT", f"/direct/{self.people[other].id}")["id"]
        place = Place(room, others=other)
        self._say(place, who, has_file=True)
        self._say(place, other)
        return place

    def _make_support(self, who: str, *, is_closed: bool) -> Place:
        place = Place(self.api.call(self.people[who].token, "PUT", "/support")["id"], others=who)
        self._say(place, who, has_file=True)
        self._say(place, "operator")
        if is_closed:
            operator = self.people["operator"].token
            self.api.call(operator, "PATCH", f"/support/{place.room}", {"state": "closed"})
        return place

    def _say(self, place: Place, who: str, *, has_file: bool = False) -> None:
        token = self.people[who].token
        body: Json = {"key": f"said-{next(self._numbers)}", "text": f"words of {who}"}
        if has_file:
            status, file = self.api.raw(
                token, "POST", f"/api/v1/rooms/{place.room}/files?name=a.txt", b"words"
            )
            assert status == 201, file
            place.file = json.loads(file)["id"]
            body["files"] = [place.file]
        place.own[who] = self.api.call(token, "POST", f"/rooms/{place.room}/messages", body)["seq"]

    def _place_of(self, cell: Cell) -> Place:
        """The place that a cell is asked of; one of its own, if the act spends it."""
        place = self._place(cell.place, cell.relation)
        if not cell.act.spends or cell.expected != "done":
            return place
        kind, state = cell.place.split()
        if kind in ("public", "private"):
            holes = {str(value).strip("{}") for value in cell.act.fields.values()}
            return self._make_room(kind, state, [cell.relation, *holes & {"someone"}], holes)
        if not place.is_over:  # a message is spent, and said for that
            asks = self.asks_as(cell.relation, cell.place)
            for who in {asks, self._other_than(asks, place)}:
                self._say(place, who)
        return place

    def _place(self, place: str, relation: str) -> Place:
        return self.places.get((place, relation)) or self.places[place, ""]

    def _other_than(self, asks: str, place: Place) -> str:
        """Who wrote what is another's."""
        return place.others if asks != place.others else "operator"


def _filled(field: Any, values: Json) -> Any:
    if isinstance(field, dict):
        return {name: _filled(each, values) for name, each in field.items()}
    if isinstance(field, list):
        return [_filled(each, values) for each in field]
    return values[field[1:-1]] if isinstance(field, str) and field.startswith("{") else field


def _person(session: Json) -> Person:
    return Person(session["me"]["id"], session["me"]["name"], session["access"])
