"""An import beside a server that people are connected to, and accounts that are taken over afterwards."""

import json
from pathlib import Path
from typing import Any

import httpx
from websockets.sync.client import connect

from tests.archive.test_commands import run
from tests.imports.slack_exports import made, message
from tests.support.saved import execute_sql, fetch_sql
from tests.support.server import ServerProcess

USERS = [
    {"id": "U1", "team_id": "T-beside", "name": "moved-ada", "profile": {"email": "moved-ada@example.org"}},
    {"id": "U2", "team_id": "T-beside", "name": "moved-ben", "profile": {}},
]
POND = {"id": "C1", "name": "moved-pond", "created": 1500000000, "members": ["U1", "U2"]}


def test_nobody_hears_of_it_and_an_admins_link_gives_an_account(
    server: ServerProcess, tmp_path: Path
) -> None:
    with httpx.Client(base_url=f"{server.url}/api/v1", trust_env=False) as http:

        def call(method: str, path: str, body: Any = None, token: str = "") -> Any:
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            return http.request(method, path, json=body, headers=headers).raise_for_status().json()

        admin = call("POST", "/auth/register", {"name": "moving-admin", "password": "secret word"})
        execute_sql(server.address, "UPDATE users SET is_admin = true WHERE id = $1", admin["me"]["id"])
        token = admin["access"]
        with connect(f"{server.url.replace('http', 'ws')}/api/v1/socket", max_size=None) as socket:
            for frame in ({"type": "hello", "id": 1, "token": token}, {"type": "sync", "id": 2, "known": []}):
                socket.send(json.dumps(frame))
            days = {
                "moved-pond/2020-09-13": [
                    message("1600000001.0", "<!channel> hello"),
                    message("1600000002.0", "hi", "U2"),
                ]
            }
            lists = {"users": USERS, "channels": [POND], "groups": [], "mpims": [], "dms": []}
            export = made(tmp_path / "export.zip", days, **lists)
            done = run(server.address, tmp_path / "files", "import", "--from", "slack", str(export))
            assert done.exit_code == 0, done.output
            socket.send(
                json.dumps({"type": "send", "id": 3, "room": 1, "key": "afterwards", "text": "afterwards"})
            )
            received: list[Any] = []
            while not received or received[-1].get("text") != "afterwards":
                received.append(json.loads(socket.recv(20)))
            assert [each for each in received if each.get("text") in ("@all hello", "hi")] == []
        (ben,) = fetch_sql(server.address, "SELECT id FROM users WHERE name = 'moved-ben'")
        code = call("POST", f"/admin/people/{ben['id']}/reset", token=token)["code"]
        session = call("POST", "/auth/reset", {"code": code, "password": "another secret"})
        (pond,) = [
            each for each in call("GET", "/rooms", token=session["access"])["rooms"] if each["kind"] == "room"
        ]
        assert (pond["name"], pond["seq"], pond["read"]) == ("moved-pond", 2, 2)
        texts = call("GET", f"/rooms/{pond['id']}/messages", token=session["access"])["messages"]
        assert [(each["sender"]["name"], each["text"]) for each in texts] == [
            ("moved-ada", "@all hello"),
            ("moved-ben", "hi"),
        ]
