"""One lobby and five dialects: who receives which messages, under which name and in which order."""

import json
import os
import threading
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple

import pytest
from websockets.sync.client import ClientConnection, connect

from tests.support.people import PATIENCE, Line, Person, client, post, request
from tests.support.server import ServerProcess

LOBBY = 1
PASSWORD = "secret"


class Account(NamedTuple):
    """Somebody whom every dialect knows."""

    name: str
    uid: int
    token: str


class Socket:
    """One open socket of a dialect that speaks in JSON objects."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    def send(self, frame: dict[str, object] | str) -> None:
        self._socket.send(frame if isinstance(frame, str) else json.dumps(frame))

    def hear(self) -> Any:
        frame = self._socket.recv(PATIENCE)
        assert isinstance(frame, str)
        return json.loads(frame) if frame.startswith("{") else frame

    def say(self, text: str) -> None:
        """In the rooms dialect: say something in the room."""
        self.send({"Type": "message", "Text": text})

    def hear_messages(self, count: int) -> list[dict[str, Any]]:
        """In the rooms dialect: the next messages; that one's own were saved is left out."""
        received: list[dict[str, Any]] = []
        while len(received) < count:
            frame = self.hear()
            if frame["Type"] != "sent":
                assert frame["Type"] == "message", frame
                received.append(frame)
        return received


class House:
    """The server, and people with names of this test's own."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._ours = os.urandom(3).hex()

    def name(self, name: str) -> str:
        return f"{name}_{self._ours}"

    def account(self, name: str) -> Account:
        """Register, and log in."""
        name = self.name(name)
        email = f"{name}@example.com"
        made = post(f"{self.url}/register", {"Username": name, "Email": email, "Password": PASSWORD})
        assert made.status_code == 201, made.text
        granted = request("PUT", f"{self.url}/login", {"Email": email, "Password": PASSWORD})
        return Account(name, made.json()["UID"], granted.json()["token"])

    @contextmanager
    def talker(self, account: Account) -> Generator[Person]:
        with client(self.url, "/talker", "name", account.name) as person:
            person.log_in(account.token)
            yield person

    @contextmanager
    def messenger(self, account: Account) -> Generator[Person]:
        with client(self.url, "/messenger", "username", account.name) as person:
            person.log_in(account.token)
            yield person

    @contextmanager
    def socket(self, path: str, account: Account) -> Generator[Socket]:
        url = f"{self.url.replace('http', 'ws', 1)}{path}?token={account.token}"
        with connect(url, compression=None, proxy=None, ping_interval=None, max_queue=None) as socket:
            yield Socket(socket)

    @contextmanager
    def rooms(self, account: Account) -> Generator[Socket]:
        """A socket of the rooms dialect that has entered the lobby."""
        with self.socket("/ws", account) as socket:
            assert socket.hear() == {"Type": "enter"}
            socket.send({"Type": "enter", "RoomID": LOBBY})
            assert socket.hear() == {"Type": "enter"}
            yield socket

    @contextmanager
    def direct(self, account: Account) -> Generator[Socket]:
        with self.socket("/direct", account) as socket:
            assert socket.hear() == f"Connected with id {account.uid}"
            yield socket

    @contextmanager
    def support(self, account: Account) -> Generator[Socket]:
        with self.socket("/support", account) as socket:
            assert socket.hear()["result"] == {"messages": None}
            yield socket

    def history(self, account: Account, last_id: int = 0) -> list[dict[str, Any]]:
        """The lobby as the rooms dialect tells it, newest first."""
        query = f"{self.url}/messages/{LOBBY}?LastID={last_id}"
        answer = request("GET", query, headers={"Authorization": account.token})
        assert answer.status_code == 200, answer.text
        messages: list[dict[str, Any]] = answer.json()
        return messages

    def name_of(self, uid: int) -> str:
        name: str = request("GET", f"{self.url}/profile/{uid}").json()["Username"]
        return name


@pytest.fixture
def house(server: ServerProcess) -> House:
    return House(server.url)


def test_clients_of_five_dialects_get_their_messages_once_in_one_order(
    house: House,
) -> None:
    ada, ben, cem, dora, eve = (house.account(name) for name in ("ada", "ben", "cem", "dora", "eve"))
    with (
        house.talker(ada) as talker,
        house.messenger(ben) as messenger,
        house.rooms(cem) as rooms,
        house.direct(dora) as direct,
        house.support(eve) as support,
    ):
        speakers: list[Person | Socket] = [talker, messenger, rooms]
        said: list[Line] = []
        for n in range(6):
            account = (ada, ben, cem)[n % 3]
            speakers[n % 3].say(f"line {n}")
            said.append(Line(account.name, f"line {n}"))
            # Whoever hears it last is waited for, so that the next line is said after this one.
            received = rooms.hear_messages(1)[0]
            assert (received["RoomID"], received["Text"], received["UID"]) == (
                LOBBY,
                said[-1].text,
                account.uid,
            )
            assert house.name_of(received["UID"]) == account.name
        assert talker.hear_all(4) == [line for line in said if line.name != ada.name]
        assert messenger.hear_all(4) == [line for line in said if line.name != ben.name]
        # What comes next is the answer to this: nothing was heard before it, nor twice.
        direct.send("ping")
        assert direct.hear() == "pong"
        support.send({"method": "message.none", "params": [], "id": 1})
        assert support.hear()["error"]["code"] == 4
        talker.say("history 6")
        assert talker.hear_all(6) == said
        messenger.say("history 6")
        assert messenger.hear_all(6) == said
        got = house.history(cem)[:6]
        assert [(message["UID"], message["Text"]) for message in reversed(got)] == [
            ({ada.name: ada, ben.name: ben, cem.name: cem}[line.name].uid, line.text) for line in said
        ]


def test_direct_and_support_messages_are_not_in_the_lobby(house: House) -> None:
    ada, ben = house.account("ada"), house.account("ben")
    with (
        client(house.url) as listener,
        house.talker(ada) as talker,
        house.rooms(ada) as rooms,
        house.direct(ada) as sender,
        house.direct(ben) as receiver,
        house.support(ben) as support,
    ):
        sender.send({"from": ada.uid, "to": ben.uid, "content": "between us"})
        assert receiver.hear() == {"from": ada.uid, "to": ben.uid, "content": "between us"}
        support.send({"method": "message.send", "params": ["help"], "id": 1})
        assert support.hear()["result"]["message"]["message_text"] == "help"
        talker.say("to all")
        assert listener.hear() == Line(ada.name, "to all")
        assert rooms.hear_messages(1)[0]["Text"] == "to all"


def test_a_new_name_has_subscribers_from_every_socket_of_the_person_at_once(house: House) -> None:
    ada = house.account("ada")
    new = house.name("zoe")
    with (
        client(house.url) as listener,
        house.talker(ada) as talker,
        house.messenger(ada) as messenger,
        house.rooms(ada) as rooms,
    ):
        talker.say("before")
        assert listener.hear() == Line(ada.name, "before")
        authorization = {"Authorization": ada.token}
        answer = request("PUT", f"{house.url}/change-name", {"newname": new}, headers=authorization)
        assert answer.json() == {"status": "name changed"}
        talker.name = messenger.name = new
        for socket in (talker, messenger, rooms):
            socket.say("after")
            assert listener.hear() == Line(new, "after")
        talker.hear_all(2)  # the others' lines
        talker.say("as before", name=ada.name)
        assert talker.is_told() == "that is not your name"
        talker.say("history 4")
        assert [line.name for line in talker.hear_all(4)] == [new] * 4
        assert house.name_of(ada.uid) == new


def test_concurrent_messages_of_three_dialects_have_one_order_everywhere(
    house: House,
) -> None:
    ada, ben, cem, dora = (house.account(name) for name in ("ada", "ben", "cem", "dora"))
    names = {account.uid: account.name for account in (ada, ben, cem)}
    counts = {ada.name: 67, ben.name: 67, cem.name: 66}
    with ExitStack() as stack:
        anonymous = stack.enter_context(client(house.url))
        reader = stack.enter_context(client(house.url, "/messenger", "username"))
        listener = stack.enter_context(house.rooms(dora))
        speakers: dict[str, Person | Socket] = {
            ada.name: stack.enter_context(house.talker(ada)),
            ben.name: stack.enter_context(house.messenger(ben)),
            cem.name: stack.enter_context(house.rooms(cem)),
        }
        all_at_once([say_all(socket, name, counts[name]) for name, socket in speakers.items()])
        order = anonymous.hear_all(200)
        assert sorted(order) == sorted(
            Line(name, f"{n}") for name, count in counts.items() for n in range(count)
        )
        for name, count in counts.items():
            assert [line.text for line in order if line.name == name] == [f"{n}" for n in range(count)]
        assert reader.hear_all(200) == order
        received = listener.hear_messages(200)
        assert [Line(names[message["UID"]], message["Text"]) for message in received] == order
        ids = [message["ID"] for message in received]
        assert ids == sorted(ids)
        # Each speaker heard the others, in the same order; the rooms client itself too.
        talker, messenger, rooms = speakers.values()
        assert isinstance(talker, Person)
        assert isinstance(messenger, Person)
        assert isinstance(rooms, Socket)
        assert talker.hear_all(133) == [line for line in order if line.name != ada.name]
        assert messenger.hear_all(133) == [line for line in order if line.name != ben.name]
        assert rooms.hear_messages(200) == received
        # And so it is remembered.
        talker.say("history 200")
        assert talker.hear_all(200) == order
        newest = house.history(dora)
        assert newest + house.history(dora, newest[-1]["ID"] - 1) == received[::-1]


def say_all(socket: Person | Socket, name: str, count: int) -> Callable[[], None]:
    """What says `count` lines, without waiting for any answer."""

    def say() -> None:
        for n in range(count):
            socket.say(f"{n}")

    return say


def all_at_once(work: list[Callable[[], None]]) -> None:
    """Run each in a thread of its own."""
    threads = [threading.Thread(target=each) for each in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
        assert not thread.is_alive(), "a sender is stuck"
