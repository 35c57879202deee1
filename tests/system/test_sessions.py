"""Two servers on one database: ended sessions, the first admin and settings apply to both."""

import json
import secrets
import threading
from collections.abc import Generator
from contextlib import ExitStack
from http.client import HTTPConnection
from urllib.parse import quote, urlsplit

import httpx
import pytest

from tests.support.campaign import in_campaign
from tests.support.databases import kept_database
from tests.support.people import PATIENCE, client, eventually, join_all, post, register, request
from tests.support.saved import fetch_sql
from tests.support.server import ServerProcess, data_path, running_server

V1 = "/api/v1"


@pytest.fixture(scope="module")
def two(server: ServerProcess, tmp_path_factory: pytest.TempPathFactory) -> Generator[list[ServerProcess]]:
    """Two servers of one chat."""
    secret = tmp_path_factory.mktemp("two") / "secret"
    secret.write_text(secrets.token_urlsafe(32))
    with kept_database(server) as database, ExitStack() as stack:
        place = f"host={quote(str(database['host']), safe='')}&port={database['port']}"
        url = f"postgresql://{database['user']}@/{database['database']}?{place}"
        arguments = ["--database", url, "--bus", "notify", "--secret-file", str(secret)]
        yield [
            stack.enter_context(running_server(stack.enter_context(data_path()), *arguments))
            for _ in range(2)
        ]


def codes_of(server: ServerProcess) -> list[str]:
    """The codes that a server has logged."""
    logged = (line for line in server.log.read_text().splitlines() if "nobody is an admin yet" in line)
    return [json.loads(line)["code"] for line in logged]


def test_a_session_ended_on_one_server_closes_its_sockets_on_the_other(two: list[ServerProcess]) -> None:
    here, there = (server.url for server in two)
    register(here, "ada")
    login = {"login": "ada", "password": "world of tea"}
    one, other = (post(f"{url}{V1}/auth/login", login).json() for url in (here, there))
    with client(there, name="ada") as ended, client(there, name="ada") as kept:
        ended.log_in(one["access"])
        kept.log_in(other["access"])
        bearer = {"Authorization": f"Bearer {other['access']}"}
        answer = request("DELETE", f"{here}{V1}/me/sessions/{one['session']}", headers=bearer)
        assert answer.status_code == 204
        ended.hear_to_the_end()
        assert ended.closed_with == 4403
        refused = request("GET", f"{there}{V1}/me", headers={"Authorization": one["access"]})
        assert (refused.status_code, refused.json()["code"]) == (401, "unauthenticated")
        kept.say("still here")
        assert request("GET", f"{there}{V1}/me", headers=bearer).json()["name"] == "ada"
    for url in (there, here):
        fresh = post(f"{url}{V1}/auth/refresh", {"refresh": other["refresh"]}).json()
        assert fresh["session"] == other["session"], "both servers give the same successor"
    assert post(f"{here}{V1}/auth/refresh", {"refresh": fresh["refresh"]}).status_code == 200


@pytest.fixture(scope="module")
def grace(two: list[ServerProcess]) -> httpx.Response:
    """The second server's answer to the code that the first one logged."""
    here, there = two
    eventually(lambda: bool(codes_of(here) and codes_of(there)), "a code is logged")
    new = {"name": "grace", "password": "world of tea", "code": codes_of(here)[0]}
    return post(f"{there.url}{V1}/setup", new)


def test_both_servers_log_one_set_up_code(two: list[ServerProcess], grace: httpx.Response) -> None:
    here, there = two
    assert (grace.status_code, grace.json()["me"]["roles"]) == (201, ["admin"])
    (code,) = {*codes_of(here), *codes_of(there)}
    late = {"name": "eve", "password": "world of tea", "code": code}
    assert post(f"{here.url}{V1}/setup", late).status_code == 410
    answer = request("GET", f"{here.url}{V1}/setup")
    assert answer.json()["needed"] is False


def test_a_setting_that_an_admin_changes_on_one_server_counts_on_the_other(
    two: list[ServerProcess], grace: httpx.Response
) -> None:
    here, there = (server.url for server in two)
    bearer = {"Authorization": f"Bearer {grace.json()['access']}"}

    def change(**settings: str | None) -> int:
        return request("PATCH", f"{there}{V1}/admin/settings", settings, headers=bearer).status_code

    def answer_of(url: str) -> str:
        return str(request("GET", f"{url}{V1}/setup").json()["registration"])

    new = {"name": "ben", "password": "world of tea"}
    assert change(registration="closed") == 200
    assert answer_of(there) == "closed"
    eventually(lambda: answer_of(here) == "closed", "the other server has heard of it")
    assert post(f"{here}{V1}/auth/register", new).status_code == 403
    assert change(registration=None) == 200
    eventually(lambda: answer_of(here) == "open", "the other server has heard of it")
    assert post(f"{here}{V1}/auth/register", new).status_code == 201


@in_campaign
def test_of_twenty_who_set_up_two_workers_at_once_one_is_the_admin() -> None:
    with data_path() as new, running_server(new, "--workers", "2") as server:
        eventually(lambda: bool(codes_of(server)), "a code is logged")
        (code,) = codes_of(server)
        all_are_there, answers = threading.Barrier(20, timeout=PATIENCE), list[int]()

        def set_up(name: str) -> None:
            body = json.dumps({"name": name, "password": "world of tea", "code": code})
            connection = HTTPConnection(urlsplit(server.url).netloc, timeout=PATIENCE)
            connection.connect()
            all_are_there.wait()
            connection.request("POST", f"{V1}/setup", body, {"Content-Type": "application/json"})
            answers.append(connection.getresponse().status)
            connection.close()

        threads = [threading.Thread(target=set_up, args=(f"grace{number}",)) for number in range(20)]
        for thread in threads:
            thread.start()
        join_all(threads, PATIENCE)
        assert sorted(answers) == [201, *[410] * 19]
        assert [list(row) for row in fetch_sql(server.address, "SELECT is_admin FROM users")] == [[True]]
        assert len(codes_of(server)) == 1
