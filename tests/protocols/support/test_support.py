"""The support desk: one conversation a person, pushed to all its sockets and to every operator."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest
import trio

from chat.domain.closing import UNAUTHENTICATED
from chat.domain.entities import Person
from chat.domain.failures import OutcomeUnknown, StorageDown
from chat.protocols.support.codec import SUPPORT
from chat.protocols.talker.codec import TALKER
from tests.support.chat_world import Client, World, open_world

NO_CONVERSATION = {"code": 2, "message": "No conversation."}
NOT_PERMITTED = {"code": 3, "message": "Not permitted."}
BAD_ARGUMENT = {"code": 1, "message": "Incorrect argument."}


@pytest.fixture
async def world() -> AsyncGenerator[World]:
    async with open_world() as world:
        yield world


def request(method: str, *params: object, ref: object = 1) -> dict[str, object]:
    return {"method": f"message.{method}", "params": list(params), "id": ref}


def parts_of(frame: Any) -> tuple[str, str, bool]:
    """Text, the operator's name, and whether it is from support, of a push or an answer."""
    assert frame["error"] is None
    message = frame["result"]["message"]
    return message["message_text"], message["invader_name"], message["is_from_support"]


def pushed(frames: list[Any]) -> list[str]:
    """The texts of pushes, whose id is the message's own."""
    assert all(frame["id"] == frame["result"]["message"]["message_id"] for frame in frames)
    return [frame["result"]["message"]["message_text"] for frame in frames]


async def opened(world: World, person: Person) -> Client:
    """A socket of a person, after the transcript."""
    client = await world.connect(SUPPORT)
    answer = await client.asks(request("auth", world.token(person), ref="a"))
    assert (answer["error"], answer["id"]) == (None, "a")
    return client


# --- authentication ---


@pytest.mark.parametrize(
    "frame",
    [
        request("send", "hi"),
        request("operatorSend", "hi"),
        request("conversations"),
        request("history", 1),
        request("auth"),
        request("auth", 7),
        request("auth", "no token"),
        request("auth", "\0"),
        request("none"),
        "",
        "{}",
        b"\0",
    ],
)
async def test_a_client_that_does_not_authenticate_first_is_closed_without_a_reply(
    world: World, frame: object
) -> None:
    (ada,) = await world.add_all("ada")
    client = await world.connect(SUPPORT)
    client.send(frame)
    client.send(request("auth", world.token(ada)))  # nothing after that is processed
    await client.ends()
    assert client.closed_with == UNAUTHENTICATED
    assert client.received_now() == []
    world.assert_nothing_is_left()


async def test_the_first_answer_is_the_whole_conversation_or_null(world: World) -> None:
    (ada,) = await world.add_all("ada")
    client = await world.connect(SUPPORT)
    answer = await client.asks(request("auth", world.token(ada), ref=[7]))
    assert answer == {"error": None, "result": {"messages": None}, "id": [7]}
    client.send(request("send", "help", ref="s"))
    client.send(request("send", "me"))
    first, second = await client.receives()
    assert (parts_of(first), first["id"]) == (("help", "", False), "s")
    again = await world.connect(SUPPORT)
    answer = await again.asks(request("auth", world.token(ada)))
    assert answer["result"]["messages"] == [first["result"]["message"], second["result"]["message"]]


async def test_a_token_of_the_handshake_opens_the_conversation_at_once(world: World) -> None:
    (ada,) = await world.add_all("ada")
    client = await world.connect(SUPPORT, ada)
    assert client.received_now() == [{"error": None, "result": {"messages": None}, "id": None}]
    assert parts_of(await client.asks(request("send", "hi"))) == ("hi", "", False)


async def test_a_second_authentication_changes_the_subscribed_conversation(world: World) -> None:
    ada, ben = await world.add_all("ada", "ben")
    client, other = await opened(world, ada), await opened(world, ada)
    bens = await opened(world, ben)
    await client.asks(request("auth", world.token(ben)))
    other.send(request("send", "from ada"))
    bens.send(request("send", "from ben"))
    assert pushed(await client.receives()) == ["from ben"]


async def test_a_conversation_that_can_not_be_read_is_answered_under_its_id(world: World) -> None:
    (ada,) = await world.add_all("ada")
    client = await world.connect(SUPPORT)
    world.obstacles.fail("support_room", StorageDown("down"))
    answer = await client.asks(request("auth", world.token(ada), ref=5))
    assert (answer["error"]["code"], answer["result"], answer["id"]) == (5, None, 5)
    answer = await client.asks(request("auth", world.token(ada), ref=6))
    assert answer == {"error": None, "result": {"messages": None}, "id": 6}


# --- a person's own side ---


async def test_a_message_is_pushed_to_the_persons_other_sockets_and_to_nobody_elses(world: World) -> None:
    ada, ben = await world.add_all("ada", "ben")
    desk, phone, stranger = await opened(world, ada), await opened(world, ada), await opened(world, ben)
    lobby = await world.connect(TALKER)
    answer = await desk.asks(request("send", "help"))
    (push,) = await phone.receives()
    assert push["result"] == answer["result"]
    assert pushed([push]) == ["help"]
    assert await stranger.receives() == await lobby.receives() == []


@pytest.mark.parametrize("text", ["", "  \n", "x" * 4001, "a\0b"])
async def test_a_text_that_can_not_be_a_message_is_an_incorrect_argument(world: World, text: str) -> None:
    (ada,) = await world.add_all("ada")
    client = await opened(world, ada)
    answer = await client.asks(request("send", text, ref="t"))
    assert answer == {"error": BAD_ARGUMENT, "result": None, "id": "t"}


@pytest.mark.parametrize(
    "method", [request("operatorSend", "hi"), request("conversations"), request("history", 1)]
)
async def test_only_operators_may_use_operators_methods(world: World, method: dict[str, object]) -> None:
    (ada,) = await world.add_all("ada")
    client = await opened(world, ada)
    assert await client.asks(method) == {"error": NOT_PERMITTED, "result": None, "id": 1}


async def test_messages_sent_during_the_read_follow_the_conversation_once(world: World) -> None:
    (ada,) = await world.add_all("ada")
    speaker = await opened(world, ada)
    await speaker.asks(request("send", "before"))
    late = await world.connect(SUPPORT)
    with world.obstacles.held("timeline"):
        late.send(request("auth", world.token(ada)))
        await world.rest()
        await speaker.asks(request("send", "meanwhile"))
        assert await late.receives() == []
    answer, push = await late.receives()
    assert [message["message_text"] for message in answer["result"]["messages"]] == ["before"]
    assert pushed([push]) == ["meanwhile"]


async def test_an_answer_to_an_absent_person_is_in_their_next_transcript(
    world: World,
) -> None:
    ada, op = await world.add("ada"), await world.add("op", operator=True)
    client, operator = await opened(world, ada), await opened(world, op)
    await client.asks(request("send", "help"))
    client.leave()
    await client.ends()
    await operator.receives()
    assert parts_of(await operator.asks(request("operatorSend", "here I am"))) == ("here I am", "op", True)
    back = await world.connect(SUPPORT)
    answer = await back.asks(request("auth", world.token(ada)))
    texts = [
        (m["message_text"], m["invader_name"], m["is_from_support"]) for m in answer["result"]["messages"]
    ]
    assert texts == [("help", "", False), ("here I am", "op", True)]


# --- operators ---


async def test_every_operator_gets_every_conversation_with_its_person(world: World) -> None:
    ada, ben = await world.add_all("ada", "ben")
    first, second = [await opened(world, await world.add(name, operator=True)) for name in ("op1", "op2")]
    for person, text in ((ada, "from ada"), (ben, "from ben")):
        await (await opened(world, person)).asks(request("send", text))
    received = await first.receives()
    assert received == await second.receives()
    assert pushed(received) == ["from ada", "from ben"]
    whose = [
        (frame["result"]["message"]["user_id"], frame["result"]["message"]["user_name"]) for frame in received
    ]
    assert whose == [(ada.id, "ada"), (ben.id, "ben")]


async def test_an_answer_reaches_all_sockets_of_the_person_and_the_other_operators(world: World) -> None:
    ada, op = await world.add("ada"), await world.add("op", operator=True)
    client, phone = await opened(world, ada), await opened(world, ada)
    operator, same, other = (
        await opened(world, op),
        await opened(world, op),
        await opened(world, await world.add("op2", operator=True)),
    )
    await client.asks(request("send", "help"))
    for each in (phone, operator, same, other):
        assert pushed(await each.receives()) == ["help"]
    answer = await operator.asks(request("operatorSend", "sure", ref="o"))
    assert (parts_of(answer), answer["id"]) == (("sure", "op", True), "o")
    assert "user_id" not in answer["result"]["message"]
    for each in (client, phone):
        (push,) = await each.receives()
        assert parts_of(push) == ("sure", "op", True)
        assert "user_id" not in push["result"]["message"]
    for each in (same, other):
        (push,) = await each.receives()
        assert parts_of(push) == ("sure", "op", True)
        assert push["result"]["message"]["user_name"] == "ada"


async def test_an_operators_own_conversation_is_one_like_any_other(world: World) -> None:
    op, boss = await world.add("op", operator=True), await world.add("boss", operator=True)
    operator, other = await opened(world, op), await opened(world, boss)
    assert parts_of(await operator.asks(request("send", "my own problem"))) == ("my own problem", "", False)
    (push,) = await other.receives()
    assert push["result"]["message"]["user_name"] == "op"
    await other.asks(request("operatorSend", "solved"))
    assert pushed(await operator.receives()) == ["solved"]


class TestTheCurrentConversation:
    """The one that last spoke to this operator's connection, or that it last answered."""

    @pytest.fixture
    async def people(self, world: World) -> dict[str, Client]:
        return {name: await opened(world, await world.add(name)) for name in ("ada", "ben", "cem")}

    @pytest.fixture
    async def operator(self, world: World, people: dict[str, Client]) -> Client:
        return await opened(world, await world.add("op", operator=True))

    async def answers(self, operator: Client, people: dict[str, Client], *where: object) -> str:
        """Who hears an answer."""
        for client in people.values():
            client.received_now()
        operator.received_now()
        answer = await operator.asks(request("operatorSend", "answer", *where))
        if answer["error"] is not None:
            assert answer["error"] == NO_CONVERSATION
            assert not any([await client.receives() for client in people.values()])
            return "nobody"
        (name,) = [name for name, client in people.items() if client.received_now()]
        return name

    async def test_there_is_none_before_anybody_spoke(
        self, operator: Client, people: dict[str, Client]
    ) -> None:
        assert await self.answers(operator, people) == "nobody"

    async def test_the_current_conversation_is_that_of_the_last_sender(
        self, operator: Client, people: dict[str, Client]
    ) -> None:
        await people["ada"].asks(request("send", "1"))
        assert await self.answers(operator, people) == "ada"
        await people["ben"].asks(request("send", "2"))
        assert await self.answers(operator, people) == "ben"
        assert await self.answers(operator, people) == "ben"

    @pytest.mark.parametrize("how", ["id", "name", "NAME"])
    async def test_an_addressed_answer_makes_it_current(
        self, how: str, world: World, operator: Client, people: dict[str, Client]
    ) -> None:
        await people["ada"].asks(request("send", "1"))
        ben = await world.storage.users.by_name("ben")
        assert ben is not None
        where = {"id": ben.person.id, "name": "ben", "NAME": "BEN"}[how]
        assert await self.answers(operator, people, where) == "ben"
        assert await self.answers(operator, people) == "ben"
        await people["cem"].asks(request("send", "2"))
        assert await self.answers(operator, people) == "cem"

    @pytest.mark.parametrize("nobody", [0, 99, 2**63 - 1, "nobody", "", "x" * 5000])
    async def test_an_answer_to_nobody_changes_nothing(
        self, nobody: object, operator: Client, people: dict[str, Client]
    ) -> None:
        await people["ada"].asks(request("send", "1"))
        assert await self.answers(operator, people, nobody) == "nobody"
        assert await self.answers(operator, people) == "ada"

    async def test_earlier_messages_do_not_set_the_current_conversation(
        self, world: World, people: dict[str, Client]
    ) -> None:
        await people["ada"].asks(request("send", "1"))
        late = await opened(world, await world.add("late", operator=True))
        assert await self.answers(late, people) == "nobody"

    async def test_each_connection_has_its_own(
        self, world: World, operator: Client, people: dict[str, Client]
    ) -> None:
        other = await opened(world, await world.add("op2", operator=True))
        assert await self.answers(operator, people, "ada") == "ada"
        assert await self.answers(other, people) == "nobody"
        assert await self.answers(other, people, "ben") == "ben"
        assert await self.answers(operator, people) == "ada"

    async def test_another_operators_answer_does_not_change_it(
        self, world: World, operator: Client, people: dict[str, Client]
    ) -> None:
        other = await opened(world, await world.add("op2", operator=True))
        await people["ada"].asks(request("send", "1"))
        assert await self.answers(other, people, "ben") == "ben"
        assert await self.answers(operator, people) == "ada"

    async def test_a_sender_published_after_an_unknown_outcome_is_current(self, world: World) -> None:
        ada, ben = await world.add_all("ada", "ben")
        operator = await opened(world, await world.add("olga", operator=True))
        first, second = await opened(world, ada), await opened(world, ben)
        first.send(request("send", "from ada"))
        assert pushed(await operator.receives()) == ["from ada"]
        world.obstacles.fail("save", OutcomeUnknown("silence"), after=True)
        second.send(request("send", "from ben"))
        assert pushed(await operator.receives()) == ["from ben"]
        answer = await operator.asks(request("operatorSend", "to ben"))
        assert parts_of(answer) == ("to ben", "olga", True)
        room = await world.storage.rooms.support_room(ben.id)
        assert room is not None
        assert [message.text for message in world.said(room.id)] == ["from ben", "to ben"]

    async def test_a_sender_during_an_answer_in_flight_is_current_after_it(
        self, world: World, operator: Client, people: dict[str, Client]
    ) -> None:
        await people["ada"].asks(request("send", "1"))
        with world.obstacles.held("save"):
            operator.send(request("operatorSend", "answer"))
            people["ben"].send(request("send", "2"))
            await world.rest()
        await world.rest()
        assert await self.answers(operator, people) == "ben"

    async def test_a_sender_during_the_look_up_is_current_after_the_answer(
        self, world: World, operator: Client, people: dict[str, Client]
    ) -> None:
        with world.obstacles.held("by_name"):
            operator.send(request("operatorSend", "answer", "ada"))
            await world.rest()
            await people["ben"].asks(request("send", "1"))
        await world.rest()
        assert await self.answers(operator, people) == "ben"

    async def test_a_message_that_was_not_saved_does_not_change_it(
        self, world: World, operator: Client, people: dict[str, Client]
    ) -> None:
        await people["ada"].asks(request("send", "1"))
        world.obstacles.fail("save", StorageDown("down"))
        assert (await people["ben"].asks(request("send", "2")))["error"]["code"] == 5
        assert await self.answers(operator, people) == "ada"


async def test_conversations_are_listed_newest_first_with_unread_counts(world: World) -> None:
    ada, ben = await world.add_all("ada", "ben")
    operator = await opened(world, await world.add("op", operator=True))
    answer = await operator.asks(request("conversations", ref="c"))
    assert answer == {"error": None, "result": {"conversations": []}, "id": "c"}
    clients = {person.name: await opened(world, person) for person in (ada, ben)}
    for name in ("ada", "ada", "ben", "ada", "ben"):
        await clients[name].asks(request("send", f"from {name}"))
    await operator.receives()
    await operator.asks(request("operatorSend", "answer", "ada"))
    await clients["ada"].receives()
    listed = (await operator.asks(request("conversations")))["result"]["conversations"]
    assert [(each["user_id"], each["user_name"], each["unread"]) for each in listed] == [
        (ada.id, "ada", 0),
        (ben.id, "ben", 2),
    ]
    last = listed[0]["last_message"]
    assert (last["message_text"], last["invader_name"], last["is_from_support"]) == ("answer", "op", True)
    assert listed[1]["last_message"]["invader_name"] == ""


async def test_history_is_sent_in_pages_oldest_first(world: World) -> None:
    ada, ben = await world.add_all("ada", "ben")
    operator = await opened(world, await world.add("op", operator=True))
    client, other = await opened(world, ada), await opened(world, ben)
    for n in range(60):
        client.send(request("send", f"{n}"))
        other.send(request("send", "not hers"))
        await world.rest()
    await operator.receives()

    async def page(*params: object) -> list[Any]:
        messages: list[Any] = (await operator.asks(request("history", *params)))["result"]["messages"] or []
        return messages

    def numbers(messages: list[Any]) -> list[int]:
        return [int(message["message_text"]) for message in messages]

    newest = await page("ada")
    assert numbers(newest) == list(range(10, 60))
    assert numbers(await page(ada.id, newest[0]["message_id"])) == list(range(10))
    assert numbers(await page("ADA", newest[5]["message_id"], 3)) == [12, 13, 14]
    assert numbers(await page("ada", 0, 2**63 - 1)) == list(range(60))
    assert await page("ada", 0, 0) == await page("ada", 1) == await page("op") == []
    answer = await operator.asks(request("history", "nobody", ref="h"))
    assert answer == {"error": NO_CONVERSATION, "result": None, "id": "h"}


async def test_operators_and_people_who_leave_leave_no_state(world: World) -> None:
    ada, op = await world.add("ada"), await world.add("op", operator=True)
    clients = [await opened(world, person) for person in (ada, ada, op, op)]
    for client in clients:
        client.leave()
        await client.ends()
    world.assert_nothing_is_left()


@pytest.mark.parametrize("nth", range(12))
async def test_a_question_is_saved_and_pushed_or_neither_wherever_its_client_is_cut_off(nth: int) -> None:
    """Cancel the client at each checkpoint in turn; it has no conversation yet, so one is made on the way."""
    async with open_world() as world:
        ada = await world.add("ada")
        operator = await opened(world, await world.add("op", operator=True))
        client = await opened(world, ada)
        client.send(request("send", "help"))
        for _ in range(nth):
            await trio.lowlevel.checkpoint()
        client.scope.cancel()
        await client.ends()
        received = pushed(await operator.receives())
        again = await world.connect(SUPPORT)
        answer = await again.asks(request("auth", world.token(ada)))
        assert received == [message["message_text"] for message in answer["result"]["messages"] or []]
