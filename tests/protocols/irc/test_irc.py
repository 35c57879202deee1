"""IRC over real sockets, on a memory storage: from the log-in to the end of a connection."""

import json
import ssl
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing
import trustme
from trio_websocket import open_websocket_url

from chat.application import members, messages
from chat.domain.closing import CUT_BY_ADMIN
from chat.domain.entities import LOBBY_ID, Draft, Pair
from chat.domain.messages.changes import RoomDeletion
from chat.domain.messages.client_positions import POSITIONS
from chat.domain.rooms.membership import RoomRole
from chat.settings.listen import Listen
from tests.protocols.irc.site import ALL, PASSWORD, Irc, Site, open_site, plain


@pytest.fixture
async def site() -> AsyncGenerator[Site]:
    async with open_site() as site:
        yield site


def words(lines: list[str], *verbs: str) -> list[str]:
    """Those of these lines that have a verb, without their tags."""
    bare = [line.partition(" ")[2] if line.startswith("@") else line for line in lines]
    return [line for line in bare if line.split(" ")[1] in verbs]


# --- logging in ---


async def test_a_client_registers_and_is_in_its_rooms(site: Site) -> None:
    ada = await site.add("Ada Lovelace")
    await site.room(ada, "the garden")
    client = await (await site.connect()).log_in("Ada Lovelace")
    lines = await client.rest()
    own = f"Ada|Lovelace!u{ada.id}@chat.localhost"
    assert words(lines, "JOIN") == [f":{own} JOIN #lobby", f":{own} JOIN #the|garden"]
    assert words(lines, "353")[1] == ":chat.localhost 353 Ada|Lovelace = #the|garden :~Ada|Lovelace"


async def test_a_token_and_pass_log_in_too(site: Site) -> None:
    ada = await site.add("ada")
    await site.irc("ada", password=site.token(ada))
    for secret in (f"ada:{PASSWORD}", PASSWORD, site.token(ada), f"ada@phone:{site.token(ada)}"):
        client = await site.connect()
        await client.send(f"PASS :{secret}", "NICK ada", "USER u 0 * :u")
        assert (await client.until(" 001 ")).endswith("Welcome to trio-chat, ada")


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        (plain("ada", "wrong"), "904"),
        (plain("nobody", PASSWORD), "904"),
        (plain("ada", PASSWORD, "ben"), "904"),
        (plain("ada@" + "x" * 65, PASSWORD), "904"),
        (["!!!!"], "904"),
        (["YQ=="], "904"),
        (["/////w=="], "904"),
        (["*"], "906"),
        (["x" * 401], "905"),
        (["A" * 400] * 9, "905"),
        (["A" * 400, "+"], "904"),
        (["é"], "904"),
    ],
    ids=range(12),
)
async def test_a_bad_sasl_message_is_refused_and_the_next_may_be_right(
    site: Site, parts: list[str], code: str
) -> None:
    await site.add("ada")
    client = await site.connect()
    await client.send("CAP REQ :sasl", "AUTHENTICATE PLAIN", *(f"AUTHENTICATE {each}" for each in parts))
    await client.until(f" {code} ")
    await client.send("AUTHENTICATE PLAIN", *(f"AUTHENTICATE {each}" for each in plain("ada", PASSWORD)))
    await client.until(" 903 ")


async def test_sasl_comes_in_pieces_of_400_and_of_single_bytes(site: Site) -> None:
    await site.add("ada")
    client = await site.connect()
    parts = plain("ada@" + "x" * 64, PASSWORD + "", "ada@" + "x" * 64)
    sent = "".join(
        f"{each}\r\n" for each in ("AUTHENTICATE PLAIN", *(f"AUTHENTICATE {part}" for part in parts))
    )
    for char in sent.encode():
        await client.send_raw(bytes([char]))
    await client.until(" 903 ")
    assert await client.asks("AUTHENTICATE PLAIN") == [":chat.localhost 907 * :you have logged in already"]


async def test_who_does_not_log_in_is_told_how_and_gone(site: Site) -> None:
    client = await site.connect()
    await client.send("NICK ada", "USER u 0 * :u")
    ended = await client.end()
    assert "PASS name:password" in ended[0]
    assert "FAIL * ACCOUNT_REQUIRED" in ended[1]
    assert ended[-1] == "ERROR :Closing Link: not authenticated"


async def test_registering_aborts_a_sasl_exchange_under_way(site: Site) -> None:
    client = await site.connect()
    await client.send("CAP REQ :sasl", "AUTHENTICATE PLAIN", "NICK ada", "USER u 0 * :u", "CAP END")
    ended = words(await client.end(), "906", "464")
    assert [line.split()[1] for line in ended] == ["906", "464"]
    await site.add("ada")
    client = await site.connect()
    await client.send(
        "CAP REQ :sasl", f"PASS :ada:{PASSWORD}", "AUTHENTICATE PLAIN", "NICK ada", "USER u 0 * :u"
    )
    await client.send("CAP END")
    await client.until(" 906 ")
    await client.until(" 001 ")


async def test_before_the_registration_nothing_else_is_done(site: Site) -> None:
    client = await site.connect()
    lines = await client.asks(
        "PRIVMSG #lobby :x", "JOIN #a", "KLINGON", "NICK", "NICK a!b", "NICK server|x|", "USER u"
    )
    assert [line.split()[1] for line in lines] == ["451", "451", "421", "431", "432", "432", "461"]


async def test_capabilities_are_listed_asked_for_and_given_back(site: Site) -> None:
    client = await site.connect()
    lines = await client.asks(
        "CAP LS 302", "CAP REQ :sasl batch", "CAP LIST", "CAP REQ :klingon", "CAP REQ :-batch"
    )
    assert "sasl=PLAIN" in lines[0]
    assert lines[1:] == [
        ":chat.localhost CAP * ACK :sasl batch",
        ":chat.localhost CAP * LIST :batch cap-notify sasl",
        ":chat.localhost CAP * NAK :klingon",
        ":chat.localhost CAP * ACK :-batch",
    ]
    assert (await client.asks("CAP X"))[0].split()[1] == "410"


async def test_a_person_has_so_many_clients_at_most(site: Site) -> None:
    ada = await site.add("ada")
    token = site.token(ada)
    for _ in range(20):
        await (await site.connect()).log_in("ada", token)
    client = await site.connect()
    await client.send("PASS :" + token, "NICK ada", "USER u 0 * :u")
    assert (await client.end())[-1] == "ERROR :Closing Link: too many sockets of this person are open"


async def test_a_log_out_a_new_name_and_a_deletion_reach_the_client(site: Site) -> None:
    ada, ben = await site.add("ada"), await site.add("ben")
    client, other = await site.irc("ada"), await site.irc("ben")
    await site.services.accounts.rename(ada, "ada lane")
    site.services.presence.changed({ada.id: await site.services.accounts.person(ada.id)})
    assert await client.rest() == [f":ada!u{ada.id}@chat.localhost NICK ada|lane"]
    site.services.presence.changed({ben.id: None})
    assert (await other.end())[-1] == "ERROR :Closing Link: your account was deleted"


async def test_a_token_that_expires_ends_the_connection(site: Site) -> None:
    ada = await site.add("ada")
    client = await (await site.connect()).log_in("ada", site.token(ada, 1.0))
    assert (await client.end())[-1] == "ERROR :Closing Link: the token has expired, refresh it"


# --- talking ---


async def test_people_of_other_protocols_talk_with_it_both_ways(site: Site) -> None:
    _ada, ben = await site.add("ada"), await site.add("ben")
    client = await site.irc("ada")
    url = site.addresses[0].replace("http", "ws", 1)
    async with open_websocket_url(f"{url}/talker?token={site.token(ben)}") as talker:
        assert "authorised" in await talker.get_message()
        await client.send("PRIVMSG #LOBBY :from \x02irc\x02")
        assert json.loads(await talker.get_message()) == {"name": "ada", "message": "from irc"}
        await talker.send_message(json.dumps({"name": "ben", "message": "from\ntalker\x01"}))
        assert await client.line() == f":ben!u{ben.id}@chat.localhost PRIVMSG #lobby :from"
        assert await client.line() == f":ben!u{ben.id}@chat.localhost PRIVMSG #lobby :talker "


async def test_a_conversation_of_two_is_a_query(site: Site) -> None:
    ada, ben = await site.add("ada"), await site.add("ben")
    client, phone = await site.irc("ada", ALL), await site.irc("ada", ALL)
    other = await site.irc("ben")
    assert words(await client.asks("@label=1 PRIVMSG BEN :psst"), "PRIVMSG") == [
        f":ada!u{ada.id}@chat.localhost PRIVMSG ben :psst"
    ]
    assert await other.line() == f":ada!u{ada.id}@chat.localhost PRIVMSG ben :psst"
    assert (await phone.until("psst")).endswith("PRIVMSG ben :psst"), "one's other client has it too"
    await other.send("PRIVMSG ada :what?")
    assert (await client.until("what?")).endswith(f":ben!u{ben.id}@chat.localhost PRIVMSG ada :what?")
    (room_id,) = [
        each for each, kind in (await site.services.catch_up.rooms_of(ada.id)).items() if kind == "direct"
    ]
    await site.say(ben, "from the web", room_id, people=Pair(ada.id, ben.id))
    assert (await client.until("from the web")).endswith("PRIVMSG ada :from the web")


async def test_an_echo_or_an_acknowledgement_carries_the_label(site: Site) -> None:
    await site.add("ada")
    echoing, silent = await site.irc("ada", ALL), await site.irc("ada", "labeled-response batch message-tags")
    (echo,) = await echoing.asks("@label=a PRIVMSG #lobby :one")
    assert echo.startswith("@label=a;time=")
    assert "label" not in await silent.until("one")
    assert await silent.asks("@label=b PRIVMSG #lobby :two") == ["@label=b :chat.localhost ACK"]
    assert await silent.asks("@label=c PRIVMSG #lobby :") == [
        "@label=c :chat.localhost 412 ada :no text was given"
    ]
    assert (await silent.asks("@label=d PRIVMSG #lobby :\x01VERSION\x01"))[0].startswith(
        "@label=d :chat.localhost FAIL PRIVMSG CTCP_NOT_RELAYED #lobby :"
    )
    assert await silent.asks(r"@label=x\sy\:z PRIVMSG #lobby :") == [
        r"@label=x\sy\:z :chat.localhost 412 ada :no text was given"
    ]
    batch = await silent.asks("@label=e NAMES #lobby")
    assert batch[0] == "@label=e :chat.localhost BATCH +labeled labeled-response"
    assert all(line.startswith("@batch=labeled") for line in batch[1:-1])


async def test_messages_keep_their_order_for_everybody(site: Site) -> None:
    for name in ("ada", "ben"):
        await site.add(name)
    one, two, ear = await site.irc("ada", ALL), await site.irc("ben", ALL), await site.irc("ada")
    for client, name in ((one, "a"), (two, "b")):
        await client.send(*(f"@label={name}{n} PRIVMSG #lobby :{name}{n}" for n in range(100)))

    async def heard(client: Irc) -> list[str]:
        return [(await client.until("PRIVMSG #lobby")).rpartition(":")[2] for _ in range(200)]

    orders = [await heard(client) for client in (one, two, ear)]
    assert orders[0] == orders[1] == orders[2]
    for name in "ab":
        assert [each for each in orders[0] if each[0] == name] == [f"{name}{n}" for n in range(100)]


async def test_a_multiline_message_is_one_message(site: Site) -> None:
    await site.add("ada")
    client, plain_one = await site.irc("ada", ALL), await site.irc("ada")
    lines = await client.asks(
        "@label=m BATCH +1 draft/multiline #lobby",
        "@batch=1 PRIVMSG #lobby :one",
        "@batch=1 PRIVMSG #lobby :two",
        "@batch=1;draft/multiline-concat PRIVMSG #lobby : more",
        "BATCH -1",
    )
    assert lines[0].startswith("@label=m;")
    assert "BATCH +m1-1 draft/multiline #lobby" in lines[0]
    assert [line.rpartition(":")[2] for line in lines[1:3]] == ["one", "two more"]
    assert [line.rpartition(":")[2] for line in await plain_one.rest()] == ["one", "two more"]
    saved = await site.storage.messages.timeline(LOBBY_ID, 10, 10_000)
    assert [each.text for each in saved] == ["one\ntwo more"]
    refused = await client.asks(
        "BATCH +2 draft/multiline #lobby", "@batch=2 PRIVMSG #other :x", "BATCH -2", "BATCH -9", "BATCH"
    )
    assert [line.split()[3] for line in refused[:3]] == [
        "MULTILINE_INVALID_TARGET",
        "INVALID_REFTAG",
        "INVALID_REFTAG",
    ]


async def test_nothing_answers_a_notice_that_is_refused(site: Site) -> None:
    await site.add("ada")
    client = await site.irc("ada", "labeled-response batch draft/multiline message-tags")
    for sent in ("nobody :x", "#none :x", "#lobby :\x01VERSION\x01", "#lobby :", ""):
        assert await client.asks(f"NOTICE {sent}") == [], sent
    assert await client.asks("@label=a NOTICE nobody :x") == ["@label=a :chat.localhost ACK"]
    batch = ("BATCH +1 draft/multiline nobody", "@batch=1 NOTICE nobody :x", "BATCH -1")
    assert await client.asks(*batch) == []
    assert "FAIL BATCH" in (await client.asks(batch[0], "@batch=1 NOTICE ada :x"))[0]
    assert len(await site.storage.messages.timeline(LOBBY_ID, 10, 10_000)) == 0
    other = await site.irc("ada")
    await client.asks("NOTICE #lobby :this is said")
    assert (await other.until("this is said")).endswith("PRIVMSG #lobby :this is said")


async def test_a_message_is_edited_elsewhere_and_deleted_here(site: Site) -> None:
    ada, _ben = await site.add("ada"), await site.add("ben")
    client, other = await site.irc("ada", ALL), await site.irc("ben", ALL)
    await client.asks("PRIVMSG #lobby :helo")
    await messages.edit(site.services, ada, LOBBY_ID, 1, "hello")
    assert (await other.until("(edited)")).endswith("PRIVMSG #lobby :(edited) hello")
    (refused,) = await other.asks("REDACT #lobby 1-1")
    assert "FAIL REDACT REDACT_FORBIDDEN #lobby 1-1" in refused
    assert "UNKNOWN_MSGID" in (await other.asks("REDACT #lobby 1-99"))[0]
    assert "UNKNOWN_MSGID" in (await other.asks("REDACT #lobby x"))[0]
    assert "FAIL REDACT INVALID_TARGET #none" in (await other.asks("REDACT #none 1-1"))[0]
    await client.send("REDACT #lobby 1-1 :typo")
    assert (await other.until("REDACT")).endswith(f":ada!u{ada.id}@chat.localhost REDACT #lobby 1-1")
    assert words(await other.asks("CHATHISTORY LATEST #lobby * 9"), "PRIVMSG") == []


async def test_typing_reaches_clients_that_know_tags(site: Site) -> None:
    ada, _ben = await site.add("ada"), await site.add("ben")
    client, other, old = await site.irc("ada", ALL), await site.irc("ben", ALL), await site.irc("ben")
    await client.asks("@+typing=active TAGMSG #lobby", "@+typing=active TAGMSG #lobby")
    assert await other.rest() == [f"@+typing=active :ada!u{ada.id}@chat.localhost TAGMSG #lobby"]
    await client.asks("@+typing=done TAGMSG #lobby")
    assert (await other.rest())[0].startswith("@+typing=done")
    assert await old.rest() == []
    assert await client.asks("@+klingon=1 TAGMSG #lobby", "@+typing=active TAGMSG #none") == [
        ":chat.localhost 403 ada #none :there is no such channel, or you are not in it"
    ]


async def test_who_is_away_is_shown(site: Site) -> None:
    ada, ben = await site.add("ada"), await site.add("ben")
    await site.say(ada, "hi", await room_of_two(site, ada, ben), people=Pair(ada.id, ben.id))
    client, other = await site.irc("ada", ALL), await site.irc("ben")
    assert [line.split()[1] for line in await other.asks("AWAY :lunch")] == ["306"]
    assert await client.until("AWAY") == f":ben!u{ben.id}@chat.localhost AWAY :away"
    assert (await client.asks("PRIVMSG ben :x"))[0].split()[1] in ("301", "PRIVMSG")
    assert [line.split()[1] for line in await other.asks("AWAY")][-1] == "305"
    assert await client.until(" AWAY") == f":ben!u{ben.id}@chat.localhost AWAY"


async def room_of_two(site: Site, one: Any, other: Any) -> int:
    room_id = await site.services.direct.room_of(one.id, other.id)
    assert room_id is not None
    return room_id


# --- history, and what was missed ---


async def test_a_client_that_was_away_receives_everything_it_missed_once(site: Site) -> None:
    ada, ben = await site.add("ada"), await site.add("ben")
    garden = await site.room(ben, "garden", ada)
    await site.irc("ada@phone")  # whose position is another
    client = await site.irc("ada@desk")
    await site.say(ben, "seen")
    await client.until("seen")
    await confirmed(site, client, ada.id, "desk")
    await client.send("QUIT :bye")
    assert (await client.end())[-1] == "ERROR :Closing Link: goodbye"
    for n in range(250):
        await site.say(ben, f"missed {n}")
    direct = await room_of_two(site, ada, ben)
    await site.say(ben, "in the garden", garden.id)
    await site.say(ben, "to ada", direct, people=Pair(ada.id, ben.id))
    back = await (await site.connect()).log_in("ada@desk")
    said = [line.rpartition(":")[2] for line in words(await back.rest(), "PRIVMSG")]
    assert said == [*(f"missed {n}" for n in range(250)), "in the garden", "to ada"]
    await confirmed(site, back, ada.id, "desk")
    again = await (await site.connect()).log_in("ada@desk")
    assert words(await again.rest(), "PRIVMSG") == []


async def confirmed(site: Site, client: Irc, person_id: int, name: str) -> None:
    """Wait until the client has answered a PING that came after everything."""
    positions = site.services.feature_ports[POSITIONS]
    while (await positions.read((person_id, name)) or 0) < site.services.hub.newest_id:
        for ask in tuple(positions.asking):
            ask()
        await client.rest()


async def test_a_client_that_answers_no_ping_receives_the_messages_again(site: Site) -> None:
    _ada, ben = await site.add("ada"), await site.add("ben")
    client = await (await site.connect()).log_in("ada")
    await client.rest()
    client.answers_pings = False
    await site.say(ben, "lost in a kernel")
    await client.until("lost")
    await trio.aclose_forcefully(client.stream)
    back = await (await site.connect()).log_in("ada")
    assert words(await back.rest(), "PRIVMSG") == [
        f":ben!u{ben.id}@chat.localhost PRIVMSG #lobby :lost in a kernel"
    ]


async def test_the_history_is_read_in_parts(site: Site) -> None:
    await site.add("ada")
    ben = await site.add("ben")
    for n in range(10):
        await site.say(ben, f"m{n}")
    client = await site.irc("ada", ALL)

    async def read(asked: str) -> list[str]:
        lines = await client.asks(f"CHATHISTORY {asked}")
        assert "BATCH +history chathistory #lobby" in lines[0], lines
        assert lines[-1].endswith("BATCH -history")
        return [line.rpartition(":")[2] for line in lines[1:-1]]

    every = [f"m{n}" for n in range(10)]
    assert await read("LATEST #lobby * 3") == every[-3:]
    assert await read("LATEST #lobby msgid=1-8 9") == every[-2:]
    assert await read("BEFORE #lobby msgid=1-4 2") == every[1:3]
    assert await read("AFTER #lobby msgid=1-4 2") == every[4:6]
    assert await read("AROUND #lobby msgid=1-5 3") == every[3:6]
    assert await read("BETWEEN #lobby msgid=1-2 msgid=1-6 9") == every[2:5]
    assert await read("BETWEEN #lobby msgid=1-6 msgid=1-2 2") == every[3:5]
    assert await read("AFTER #lobby timestamp=2023-11-14T22:13:20.499Z 2") == every[:2]
    assert await read("AFTER #lobby timestamp=2023-11-14T22:13:20.500Z 2") in ([], every[1:3], every[:2])
    assert await read("BEFORE #lobby timestamp=2023-11-14T22:13:20.500Z 2") == []
    for bad, code in (
        ("LATEST #none * 3", "INVALID_TARGET"),
        ("LATEST #lobby * 0", "INVALID_PARAMS"),
        ("LATEST #lobby x 3", "INVALID_PARAMS"),
        ("LATEST #lobby", "INVALID_PARAMS"),
        ("KLINGON", "INVALID_PARAMS"),
        ("TARGETS x y 3", "INVALID_PARAMS"),
    ):
        (refused,) = await client.asks(f"CHATHISTORY {bad}")
        assert f"FAIL CHATHISTORY {code} " in refused
    found = await client.asks(
        "CHATHISTORY TARGETS timestamp=2020-01-01T00:00:00.000Z timestamp=2030-01-01T00:00:00.000Z 5"
    )
    assert [line for line in found if "CHATHISTORY TARGETS" in line] == [
        "@batch=targets :chat.localhost CHATHISTORY TARGETS #lobby 2023-11-14T22:13:20.500Z"
    ]
    cid = await site.add("cid")
    await site.services.writes.write(Draft(LOBBY_ID, cid.id, "cid", "shown as of .250", 1_700_000_001.2506))
    for since, count in ((".249", 1), (".250", 0)):
        since = f"timestamp=2023-11-14T22:13:21{since}Z"
        found = await client.asks(f"CHATHISTORY TARGETS {since} timestamp=2030-01-01T00:00:00.000Z 5")
        assert sum(" CHATHISTORY TARGETS " in line for line in found) == count


async def test_nobody_reads_the_history_of_a_room_that_is_not_theirs(site: Site) -> None:
    _ada, ben = await site.add("ada"), await site.add("ben")
    secret = await site.room(ben, "secret", is_private=True)
    await site.say(ben, "hidden", secret.id)
    await site.irc("ben")  # so that the channel is known to the server
    client = await site.irc("ada", ALL)
    for asked in ("CHATHISTORY LATEST #secret * 5", "MARKREAD #secret", "REDACT #secret 2-1"):
        assert "hidden" not in "".join(await client.asks(asked))
    assert [
        line.split()[1] for line in await client.asks("JOIN #secret", "TOPIC #secret", "PRIVMSG #secret :x")
    ] == [
        "473",
        "403",
        "403",
    ]
    assert words(await client.asks("LIST", "NAMES #secret", "WHO #secret"), "322", "353", "352") == [
        ":chat.localhost 322 ada #lobby 2 :"
    ]
    await site.room(ben, "open", is_private=False)
    await site.irc("ben")
    assert [
        line.split()[1] for line in await client.asks("TOPIC #open", "TOPIC #none", "KICK #none ben")
    ] == [
        "442",
        "403",
        "403",
    ]


async def test_a_read_mark_reaches_ones_other_clients(site: Site) -> None:
    await site.add("ada")
    ben = await site.add("ben")
    await site.say(ben, "one")
    client, phone = await site.irc("ada", ALL), await site.irc("ada", ALL)
    assert await client.asks("MARKREAD #lobby") == [":chat.localhost MARKREAD #lobby *"]
    (marked,) = await client.asks("MARKREAD #lobby timestamp=2030-01-01T00:00:00.000Z")
    assert marked == ":chat.localhost MARKREAD #lobby timestamp=2023-11-14T22:13:20.500Z"
    assert await phone.until("MARKREAD") == marked
    assert await client.asks("MARKREAD #lobby timestamp=2000-01-01T00:00:00.000Z") == [marked], "never back"
    refused = await client.asks("MARKREAD", "MARKREAD #none", "MARKREAD #lobby x")
    assert [line.split()[3] for line in refused] == ["NEED_MORE_PARAMS", "INVALID_TARGET", "INVALID_PARAMS"]


# --- rooms ---


async def test_channels_are_made_joined_and_left(site: Site) -> None:
    ada, ben = await site.add("ada"), await site.add("ben")
    client, other = await site.irc("ada"), await site.irc("ben", "extended-join")
    assert words(await client.asks("JOIN #the|garden"), "JOIN") == [
        f":ada!u{ada.id}@chat.localhost JOIN #the|garden"
    ]
    joined = await other.asks("JOIN #The|Garden,#bad:name")
    assert joined[0] == f":ben!u{ben.id}@chat.localhost JOIN #the|garden ben :ben"
    assert joined[-1].split()[1] == "403"
    assert await client.rest() == [f":ben!u{ben.id}@chat.localhost JOIN #the|garden"]
    await client.asks("TOPIC #the|garden :roses")
    assert (await other.rest())[0].endswith("TOPIC #the|garden :roses")
    assert (await other.asks("TOPIC #the|garden :weeds"))[0].split()[1] == "482"
    assert (await other.asks("PART #the|garden"))[0].endswith("PART #the|garden")
    assert (await client.rest())[0] == f":ben!u{ben.id}@chat.localhost PART #the|garden"
    assert (await other.asks("PRIVMSG #the|garden :x", "PART #the|garden"))[0].split()[1] in ("403", "404")
    assert (await other.asks("PART #lobby"))[0].endswith("PART #lobby")
    assert (await other.asks("JOIN #lobby"))[0].endswith("JOIN #lobby ben :ben")


async def test_rooms_that_no_client_is_in_are_forgotten(site: Site) -> None:
    await site.add("ada")
    client = await site.irc("ada")
    await client.asks("JOIN #garden", "PRIVMSG ada :to myself")
    (shared,) = {session.client.shared for session in site.services.presence}  # type: ignore[union-attr]
    assert len(shared.directory.places) == 3
    await client.asks("PART #lobby")
    assert len(shared.directory.places) == 2
    await client.send("QUIT")
    await client.end()
    await client.stream.aclose()
    await trio.testing.wait_all_tasks_blocked(0.05)
    assert shared.directory.places == shared.directory._channels == {}


async def test_a_room_of_the_web_appears_and_ends(site: Site) -> None:
    ada, ben = await site.add("ada"), await site.add("ben")
    client = await site.irc("ada")
    room = await site.room(ben, "garden", ada)
    assert await client.until("JOIN #garden")
    await site.say(ben, "welcome", room.id)
    assert (await client.until("welcome")).endswith("PRIVMSG #garden :welcome")
    change = site.services.rooms.changing(ben, room.id, name="orchard", topic="apples")
    await site.services.writes.write(change)  # type: ignore[arg-type]
    own = f":ada!u{ada.id}@chat.localhost"
    assert await client.until("PART") == f"{own} PART #garden :renamed"
    assert await client.line() == f"{own} JOIN #orchard"
    assert (await client.line()).endswith("TOPIC #orchard :apples")
    await members.remove(site.services, ben, room.id, ada.id)
    assert (await client.until("KICK")).endswith("KICK #orchard ada :ben")
    await members.add(site.services, ben, room.id, ada.id)
    await client.until("JOIN #orchard")
    await site.services.memberships.end(deletion(ben.id, room.id))
    assert (await client.until("KICK")).endswith("KICK #orchard ada :the room was deleted")


def deletion(person_id: int, room_id: int) -> Any:
    return RoomDeletion(room_id, person_id, 1_700_000_001.0)


async def test_moderators_remove_ban_and_invite(site: Site) -> None:
    ada, _ben = await site.add("ada"), await site.add("ben")
    await site.add("cid")
    client, other = await site.irc("ada"), await site.irc("ben")
    await client.asks("JOIN #garden")
    await other.asks("JOIN #garden")
    assert [each.split()[1] for each in await other.asks("KICK #garden ada", "MODE #garden +o ben")] == [
        "482",
        "482",
    ]
    await client.asks("MODE #garden +o ben")
    assert (await other.rest())[0].endswith("MODE #garden +o ben")
    assert words(await client.asks("NAMES #garden"), "353") == [
        ":chat.localhost 353 ada = #garden :~ada @ben"
    ]
    await client.asks("MODE #garden +b ben!*@*")
    assert (await other.until("KICK")).endswith("KICK #garden ben :banned")
    assert (await other.asks("JOIN #garden"))[-1].split()[1] == "474"
    assert words(await client.asks("MODE #garden b"), "367") == [":chat.localhost 367 ada #garden ben!*@*"]
    await client.asks("MODE #garden -b ben!*@*", "MODE #garden +i")
    assert (await other.asks("JOIN #garden"))[-1].split()[1] == "473"
    answers = await client.asks("INVITE cid #garden", "INVITE cid #garden", "INVITE x #garden")
    assert [each.split()[1] for each in answers] == ["341", "JOIN", "443", "401"]
    codes = ("MODE #garden", "MODE #garden +k x", "MODE #garden +o", "MODE #none", "MODE ada", "MODE ben")
    assert [(await client.asks(each))[-1].split()[1] for each in codes] == [
        "324",
        "472",
        "461",
        "403",
        "221",
        "502",
    ]
    role = await site.services.conversations.role_of(ada.id, 2)
    assert role is RoomRole.OWNER


async def test_people_and_the_server_are_asked_about(site: Site) -> None:
    _ada, _ben = await site.add("ada", admin=True), await site.add("ben")
    client = await site.irc("ada")
    await site.irc("ben")
    cases = {
        "WHOIS ben": ["311", "312", "330", "318"],
        "WHOIS ada ada": ["311", "312", "313", "330", "318"],
        "WHOIS nobody": ["401", "318"],
        "WHOIS": ["431"],
        "WHOWAS x": ["406", "369"],
        "WHO ben": ["352", "315"],
        "WHO #lobby": ["352", "352", "315"],
        "WHO *": ["315"],
        "ISON ben nobody": ["303"],
        "USERHOST ben": ["302"],
        "LUSERS": ["251", "252", "253", "254", "255", "265", "266"],
        "MOTD": ["422"],
        "VERSION": ["351"],
        "TIME": ["391"],
        "NICK ben": ["447"],
        "NICK ada": [],
        "USER a b c d": ["462"],
        "PASS x": ["462"],
        "JOIN 0": ["FAIL"],
        "PING": ["461"],
        "PONG x": [],
        "JOIN": ["461"],
        "PRIVMSG": ["411"],
        "PRIVMSG nobody :x": ["401"],
        "INVITE x": ["461"],
        "TOPIC #lobby": ["331"],
        "TOPIC #lobby :x": ["482"],
    }
    for asked, codes in cases.items():
        assert [line.split()[1] for line in await client.asks(asked)] == codes, asked


# --- what no client should send ---


async def test_bad_lines_are_refused_and_the_connection_stays(site: Site) -> None:
    await site.add("ada")
    client = await site.irc("ada")
    for sent, code in (
        (b"PRIVMSG #lobby :" + b"x" * 8192 + b"\r\n", "417"),
        (b"x" * 100_000 + b"\r\n", "417"),
        (b"PRIVMSG #lobby :one\rtwo\r\n", "INVALID_CHARACTERS"),
        (b"PRIVMSG #lobby :a\0b\r\n", "INVALID_CHARACTERS"),
        (b"PRIVMSG #lobby :\xff\xfe\r\n", "INVALID_UTF8"),
        (b"\x01\x02\r\n", "MALFORMED"),
        (b"PRIVMSG #lobby " + b"a " * 20 + b"\r\n", "MALFORMED"),
        ("NICK a\u200bb\r\n".encode(), "432"),
        ("PRIVMSG #\u202e :x\r\n".encode(), "403"),
        (b"PRIVMSG #lobby :\x01DCC SEND x\x01\r\n", "CTCP_NOT_RELAYED"),
    ):
        await client.send_raw(sent)
        lines = await client.rest()
        assert code in lines[0], (sent[:40], lines)
    await client.send_raw(b"\r\n\n\r\n")
    assert await client.rest() == []
    await client.asks("CAP REQ :labeled-response")
    for sent, code in (
        (b"@label=x PRIVMSG #lobby :\xff\r\n", "FAIL * INVALID_UTF8"),
        (b"@label=x PRIVMSG #lobby :\0\r\n", "FAIL * INVALID_CHARACTERS"),
        (b"@label=x P!\r\n", "FAIL * MALFORMED"),
        (b"@label=x PRIVMSG #lobby :" + b"x" * 600 + b"\r\n", "417"),
    ):
        await client.send_raw(sent)
        assert (await client.rest())[0].startswith(f"@label=x :chat.localhost {code} ")
    await client.send_raw(b"@label=\xff PRIVMSG #lobby :x\r\n")
    assert (await client.rest())[0].startswith(":chat.localhost FAIL * INVALID_UTF8 ")
    assert len(await site.storage.messages.timeline(LOBBY_ID, 10, 10_000)) == 0
    (message,) = await client.asks("PRIVMSG #lobby :still here") or [""]
    assert message == ""
    assert [each.text for each in await site.storage.messages.timeline(LOBBY_ID, 10, 10_000)] == [
        "still here"
    ]


async def test_a_line_without_an_end_keeps_few_bytes(site: Site) -> None:
    await site.add("ada")
    client = await site.irc("ada")
    for _ in range(40):
        await client.send_raw(b"x" * 50_000)
    assert " 417 " in await client.line()
    (session,) = [each for each in site.services.presence if each.person is not None]
    assert len(session.receiver._held) < 10_000  # type: ignore[attr-defined]
    await client.send_raw(b"\r\nPING :x\r\n")
    assert (await client.until("PONG")).endswith(":x")


async def test_a_page_in_a_browser_gets_no_further(site: Site) -> None:
    client = await site.connect()
    await client.send("POST / HTTP/1.1", "Host: 127.0.0.1:6667", "", "NICK ada", f"PASS ada:{PASSWORD}")
    assert await client.end() == ["ERROR :Closing Link: this is IRC, and no web server"]


async def test_a_client_that_never_reads_is_cut_and_the_others_go_on() -> None:
    async with open_site(outbox_bytes=65_536) as site:
        await site.add("ada")
        ben = await site.add("ben")
        await site.irc("ada")  # which reads nothing more
        ear = await site.irc("ben")
        while len(site.services.presence) == 2:
            await site.say(ben, "x" * 3999 + "y")
            await ear.until("xy")  # its last line
        await site.say(ben, "the end")
        await ear.until("the end")


async def test_a_flood_is_held_back_and_refused() -> None:
    async with open_site(message_rate=5.0) as site:
        await site.add("ada")
        await site.add("ben")
        flooder, other = await site.irc("ada"), await site.irc("ben")
        await flooder.send(*(f"PRIVMSG #lobby :{n}" for n in range(30)))
        refused = await flooder.until("FAIL PRIVMSG")
        assert "RATE" in refused
        await other.send("PRIVMSG #lobby :in between")
        assert (await flooder.until("in between")).endswith("in between")


async def test_a_full_server_and_a_banned_address_say_why() -> None:
    async with open_site(max_connections=1) as site:
        await site.connect()
        await trio.testing.wait_all_tasks_blocked()
        full = await site.connect()
        assert await full.end() == [
            "ERROR :Closing Link: the server has too many connections, try again later"
        ]


async def test_a_stop_says_goodbye() -> None:
    async with open_site() as site:
        await site.add("ada")
        client = await site.irc("ada")
        said = list[str]()

        async def hear() -> None:
            said.extend(await client.end())

        async with trio.open_nursery() as nursery:
            nursery.start_soon(hear)
            site.services.presence.close_all(CUT_BY_ADMIN)
    assert said[-1] == f"ERROR :Closing Link: {CUT_BY_ADMIN.reason}"


async def test_tls_has_a_listener_of_its_own(tmp_path: Path) -> None:
    authority = trustme.CA()
    leaf = authority.issue_cert("localhost")
    leaf.private_key_pem.write_to_path(tmp_path / "key.pem")
    for blob in leaf.cert_chain_pems:
        blob.write_to_path(tmp_path / "cert.pem", append=True)
    context = ssl.create_default_context()
    authority.configure_trust(context)
    settings = {
        "irc_tls": Listen("127.0.0.1", 0),
        "tls_cert": tmp_path / "cert.pem",
        "tls_key": tmp_path / "key.pem",
    }
    async with open_site(**settings) as site:
        ben = await site.add("ben")
        await site.add("ada")
        client = await (await site.connect(context)).log_in("ada")
        await site.say(ben, "x" * 3000)
        text = ""
        while len(text) < 3000:
            text += (await client.until("PRIVMSG #lobby")).rpartition(":")[2]
        assert text == "x" * 3000
        assert (await site.irc("ada")) is not None, "the other one is plain"
