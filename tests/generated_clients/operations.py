"""Calls operations with the generated client: `python operations.py URL NAME`.

`generated` is what openapi-python-client makes of the document, in the same folder.
"""

import io
import sys
from importlib import import_module
from typing import Any

from generated import AuthenticatedClient, Client
from generated import models as m
from generated.types import UNSET, File

PASSWORD = "a long secret"


def done(operation: str, *path: Any, client: Any, **asked: Any) -> Any:
    """Call an operation by its id; what it answers must be what is described for success."""
    answer = import_module(f"generated.api.native.{operation}").sync_detailed(*path, client=client, **asked)
    assert answer.status_code < 300, (operation, answer.status_code, answer.content)
    assert not isinstance(answer.parsed, m.Error)
    print(operation)
    return answer.parsed


def main(url: str, name: str) -> None:
    anybody = Client(base_url=url)
    server = done("server_info", client=anybody)
    assert (server.protocol, server.limits.text) == (1, 4000)
    done("register", client=anybody, body=m.Register(name=name, password=PASSWORD))
    first = done("log_in", client=anybody, body=m.Login(login=name, password=PASSWORD))
    session = done("refresh", client=anybody, body=m.Refresh(refresh=first.refresh))

    api = AuthenticatedClient(base_url=url, token=session.access)
    me = done("me", client=api)
    assert me.display is UNSET, "a field at its default is left out"
    done("change_me", client=api, body=m.ChangeMe(display=f"The {name}"))
    assert len(done("sessions", client=api).sessions) == 2
    done("people", client=api, q=name, limit=5)
    assert done("person", me.id, client=api).display == f"The {name}"

    made = done("new_room", client=api, body=m.CreateRoom(name=f"room of {name}", private=True))
    assert done("room", made.id, client=api).private is True
    assert made.id in [each.id for each in done("own_rooms", client=api, limit=100).rooms]
    done("change_room", made.id, client=api, body=m.ChangeRoom(topic="types"))
    done("mine", made.id, client=api, body=m.Mine(notify=m.MineNotify.ALL))
    invite = done("new_invite", client=api, body=m.CreateInvite(room=made.id, uses=3))
    assert done("invite", invite.code, client=anybody).uses == 3

    file = done("upload", made.id, client=api, body=File(io.BytesIO(b"notes")), name="notes.txt")
    assert done("download", file.id, client=api).payload.read() == b"notes"

    said = done("send", made.id, client=api, body=m.CreateMessage(key="k-1", text="hello", files=[file.id]))
    messages = done("history", made.id, client=api, limit=10).messages
    assert (messages[-1].text, messages[-1].files[0].name) == ("hello", "notes.txt")
    edited = done("edit", made.id, said.seq, client=api, body=m.ChangeMessage(text="hello again"))
    assert edited.edited > 0
    assert done("react", made.id, said.seq, "👍", client=api).reactions[0].count == 1
    done("read", made.id, client=api, body=m.ReadUpTo(seq=said.seq))
    done("search", client=api, q="hello", from_=me.id)
    deleted = done("delete", made.id, said.seq, client=api)
    assert (deleted.text, deleted.deleted.by) == (UNSET, me.id)

    missing = import_module("generated.api.native.room").sync(999_999, client=api)
    assert (missing.code, missing.error) == (m.Code.NOT_FOUND, missing.text)
    done("log_out", client=anybody, body=m.Refresh(refresh=session.refresh))


if __name__ == "__main__":
    main(*sys.argv[1:])
