"""Commands that work on a server's data: empty lists, and refusals."""

import json
import os
from collections.abc import Callable, Generator
from urllib.parse import urlencode

import click
import pytest
from click.testing import CliRunner, Result

from chat.cli import main
from tests.support.databases import kept_database
from tests.support.server import ServerProcess

Chat = Callable[..., Result]


@pytest.fixture(scope="module")
def chat(server: ServerProcess) -> Generator[Chat]:
    """Runs a command on a database of its own, with no server on it; its streams are apart."""
    hidden = dict.fromkeys((name for name in os.environ if name.startswith("CHAT_")), None)
    with kept_database(server) as address:
        query = urlencode({name: value for name, value in address.items() if name not in ("database", "ssl")})
        flags = ("--database", f"postgresql:///{address['database']}?{query}")

        def run(*arguments: str, stdin: str = "") -> Result:
            return CliRunner().invoke(
                main, [*arguments, *flags], input=stdin, env={**hidden, "CHAT_BCRYPT_COST": "4"}
            )

        yield run


def add(chat: Chat, *arguments: str) -> Result:
    return chat("user", "add", *arguments, "--password-stdin", stdin="a long secret\n")


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("nodes", "`chat health` checks it"),
        ("user look-alikes", "no name looks like"),
        ("room list", "nobody has created a room yet"),
        ("setting list", "no setting was changed"),
        ("message list", "no messages"),
        ("retention holds", "nothing is on hold"),
    ],
)
def test_an_empty_list_is_reported_as_such(chat: Chat, command: str, said: str) -> None:
    shown = chat(*command.split())
    assert (shown.exit_code, shown.stdout.count("\n")) == (0, 1)
    assert said in shown.stdout
    assert json.loads(chat(*command.split(), "--json").stdout) == []


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("user delete nobody", "nobody is called 'nobody': `chat user list`"),
        ("user logout nobody", "'nobody'"),
        ("user disable nobody", "'nobody'"),
        ("user enable nobody", "'nobody'"),
        ("user rename nobody somebody", "'nobody'"),
        ("user role nobody admin", "'nobody'"),
        ("user second-factor nobody", "nobody is called 'nobody': `chat user list`"),
        ("why --notify nobody", "nobody is called 'nobody': `chat user list`"),
        ("room delete 4711", "no room has the id 4711: `chat room list`"),
        ("room delete 1", "the lobby cannot be deleted"),
        ("message list --room 4711", "no room has the id 4711: `chat room list`"),
        ("message delete 4711", "no message has the id 4711: `chat message list`"),
        ("setting unset registration", "registration was not changed"),
        ("setting unset registratoin", "no setting 'registratoin'; there are server_name"),
    ],
)
def test_a_refusal_names_the_argument_and_where_to_find_valid_ones(
    chat: Chat, command: str, said: str
) -> None:
    refused = chat(*command.split())
    assert (refused.exit_code, refused.stderr.count("\n")) == (1, 1)
    assert said in refused.stderr


def test_a_name_or_address_that_somebody_has_is_named(chat: Chat) -> None:
    assert add(chat, "ada", "--email", "ada@chat.example").exit_code == 0
    assert add(chat, "ben").exit_code == 0
    assert "'Ada' already" in add(chat, "Ada").stderr
    assert "ada@chat.example already" in add(chat, "cleo", "--email", "ada@chat.example").stderr
    assert "'ada' already" in chat("user", "rename", "ben", "ada").stderr


def test_an_invite_is_a_link_where_the_address_is_known(chat: Chat) -> None:
    link = chat("user", "invite", "--url", "https://chat.example/")
    assert link.stdout.startswith("https://chat.example/i/")
    assert link.stderr == ""
    bare = chat("user", "invite")
    assert "/" not in bare.stdout.strip()
    assert "chat setting set public_url" in bare.stderr
    assert chat("user", "invite", "--url", "chat.example").exit_code == click.UsageError.exit_code
    chat("setting", "set", "public_url", "https://people.example")
    assert chat("user", "invite").stdout.startswith("https://people.example/i/")
    assert chat("user", "invite", "--url", "https://other.example").stdout.startswith(
        "https://other.example/i/"
    )
    chat("setting", "unset", "public_url")


def test_audit_records_are_listed_with_the_newest_last(chat: Chat) -> None:
    add(chat, "dora")
    chat("user", "role", "dora", "operator")
    chat("setting", "set", "message_rate", "20")
    *_, added, roles, setting = chat("audit").stdout.splitlines()
    assert "person added" in added
    assert "a command" in added
    assert "roles changed" in roles
    assert "dora" in roles
    assert "message_rate: 20" in setting
    last = json.loads(chat("audit", "--json", "--last", "1").stdout)
    assert [(act["act"], act["by"], act["detail"]) for act in last] == [
        ("setting_changed", None, "message_rate: 20")
    ]
    before = json.loads(chat("audit", "--json", "--last", "1", "--before", str(last[0]["id"])).stdout)
    assert [(act["act"], act["person"]) for act in before] == [("roles_changed", "dora")]


def test_people_are_deleted_with_their_names_or_with_their_messages(chat: Chat) -> None:
    for name in ("grace", "heidi", "ivan"):
        assert add(chat, name).exit_code == 0
    ids = {each["name"]: each["id"] for each in json.loads(chat("user", "list", "--json").stdout)}
    assert chat("user", "delete", "grace").stdout == f"deleted grace, id {ids['grace']}\n"
    assert chat("user", "anonymise", "heidi").stdout == f"anonymised heidi, id {ids['heidi']}\n"
    assert chat("user", "erase", "ivan").stdout == f"erasing the messages of ivan, id {ids['ivan']}\n"
    assert chat("user", "erase", f"#{ids['grace']}").stdout == f"erasing the messages of id {ids['grace']}\n"
    again = chat("user", "anonymise", f"#{ids['grace']}")
    assert again.exit_code != 0
    assert "nothing more is to be removed" in again.stderr
    there = {each["id"] for each in json.loads(chat("user", "list", "--json").stdout)}
    assert not there & {ids[name] for name in ("grace", "heidi", "ivan")}
    audit = chat("audit").stdout
    for name in ("grace", "heidi", "ivan"):
        assert name not in audit
    assert add(chat, "heidi").exit_code == 0, "the name is free"


def test_holds_are_placed_by_name_or_id_listed_and_lifted(chat: Chat) -> None:
    assert add(chat, "hilda").exit_code == 0
    person = next(
        each["id"] for each in json.loads(chat("user", "list", "--json").stdout) if each["name"] == "hilda"
    )
    placed = chat("retention", "hold", "person", "Hilda", "--reason", "a complaint")
    assert (placed.exit_code, placed.stdout) == (0, "person Hilda is on hold\n")
    assert chat("retention", "hold", "room", "Lobby", "--reason", "case 7").exit_code == 0
    assert chat("retention", "hold", "server", "--reason", "an audit").exit_code == 0
    assert chat("retention", "hold", "person", f"#{person}", "--reason", "case 8").exit_code == 0, (
        "another reason"
    )
    held = json.loads(chat("retention", "holds", "--json").stdout)
    assert [(each["kind"], each["target"], each["reason"], each["by"]) for each in held] == [
        ("person", person, "case 8", None),
        ("room", 1, "case 7", None),
        ("server", None, "an audit", None),
    ]
    assert f"person hilda (#{person})" in chat("retention", "holds").stdout
    for each in held:
        assert chat("retention", "release", str(each["id"])).stdout == f"lifted hold {each['id']}\n"
    acts = json.loads(chat("audit", "--json").stdout)
    about = [(each["act"], each["detail"]) for each in acts if each["act"].startswith("hold")]
    assert sorted(about) == sorted(
        [
            *[
                ("hold_placed", f"{kind}: {why}")
                for kind, why in (("person", "a complaint"), ("person", "case 8"))
            ],
            *[("hold_placed", "room: case 7"), ("hold_placed", "server: an audit")],
            *[("hold_lifted", kind) for kind in ("person", "room", "server")],
        ]
    )


@pytest.mark.parametrize(
    "flags", ["--data /nowhere", "--database postgresql:///x", "--config x.toml", "--json"]
)
def test_flags_before_a_command_about_holds_are_refused(chat: Chat, flags: str) -> None:
    """They would be those of the count: the command would work on the data of its own flags."""
    refused = chat("retention", *flags.split(), "holds")
    assert refused.exit_code == 2
    assert "flags go behind the command: chat retention holds" in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("hold person nobody --reason x", "there is no person called nobody"),
        ("hold room #999999 --reason x", "there is no room called #999999"),
        ("hold server lobby --reason x", "one on the server has none"),
        ("hold person --reason x", "has a NAME"),
        ("release 999999", "no hold has the id 999999"),
    ],
)
def test_a_hold_that_cannot_be_placed_or_lifted_is_refused(chat: Chat, arguments: str, said: str) -> None:
    refused = chat("retention", *arguments.split())
    assert refused.exit_code != 0
    assert said in refused.stderr
