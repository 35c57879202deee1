"""Traces: a real server's spans at a receiver of OTLP, which is the test's own."""

import json
import socket
import threading
import time
from collections.abc import Generator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import trio
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from websockets.sync.client import connect

from chat.domain.refusals import NOT_ADMIN, Refusal
from chat.inspection.traces import open_traces
from chat.operations.operation import Operation
from tests.support.campaign import in_campaign
from tests.support.people import PASSWORD, eventually, post, register, request
from tests.support.server import ServerProcess, running_server, used_data_path

CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
"""Trace and span of a caller."""

TEXT = "a quince for everybody"
QUICK = {"OTEL_BSP_SCHEDULE_DELAY": "20", "OTEL_EXPORTER_OTLP_TIMEOUT": "1"}


class Receiver:
    """A collector of traces. It answers the first exports with `failures`, and keeps the spans of the others."""

    def __init__(self, *failures: int) -> None:
        self.failures = [*failures]
        self.refused = 0
        self.spans: list[Span] = []
        self.raw = b""
        self.key: str | None = None
        self.resource: dict[str, str] = {}
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.key = self.headers["X-Key"]
                assert self.path == "/v1/traces"
                status = receiver.failures.pop(0) if receiver.failures else 200
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()
                receiver.take(body) if status == 200 else receiver.refuse()

            def log_message(self, *_arguments: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def take(self, body: bytes) -> None:
        self.raw += body
        for part in ExportTraceServiceRequest.FromString(body).resource_spans:
            self.resource = {each.key: each.value.string_value for each in part.resource.attributes}
            self.spans += [span for scope in part.scope_spans for span in scope.spans]

    def refuse(self) -> None:
        self.refused += 1

    def named(self, name: str) -> Span:
        found = [span for span in self.spans if span.name == name]
        assert len(found) == 1, sorted(span.name for span in self.spans)
        return found[0]

    def parent(self, span: Span) -> str | None:
        ids = {each.span_id: each.name for each in self.spans if each.trace_id == span.trace_id}
        return ids.get(span.parent_span_id)


@contextmanager
def receiving(*failures: int) -> Generator[Receiver]:
    receiver = Receiver(*failures)
    thread = threading.Thread(target=receiver.server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield receiver
    finally:
        receiver.server.shutdown()
        receiver.server.server_close()
        thread.join()


def attributes(span: Span) -> dict[str, Any]:
    return {each.key: each.value.string_value or each.value.int_value for each in span.attributes}


def log_in(server: ServerProcess, **settings: Any) -> str:
    answer = post(f"{server.url}/api/v1/auth/login", {"login": "ada", "password": PASSWORD}, **settings)
    assert answer.status_code == 200, answer.text
    token: str = answer.json()["access"]
    return token


def ask(socket: Any, **frame: Any) -> None:
    """Send a request, and wait for its answer."""
    socket.send(json.dumps({"id": 1, **frame}))
    while (answer := json.loads(socket.recv(20)))["type"] != f"{frame['type']}_ok":
        assert answer["type"] != "error", answer


def chat(server: ServerProcess, token: str) -> None:
    """Make a room, and say something in it over the socket."""
    bearer = {"Authorization": f"Bearer {token}"}
    room = post(f"{server.url}/api/v1/rooms", {"name": "orchard"}, headers=bearer).json()["id"]
    with connect(f"{server.socket_url}/api/v1/socket") as native:
        ask(native, type="hello", token=token, protocol=1)
        ask(native, type="sync", known=[])
        ask(native, type="send", room=room, text=TEXT, key="k-1")
        ask(native, type="edit", room=room, seq=1, text=f"{TEXT}, and a pear")


def test_spans_of_requests_messages_and_queries_have_the_right_parents() -> None:
    with receiving() as receiver, used_data_path() as data:
        environment = {
            "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment=lab",
            "OTEL_EXPORTER_OTLP_HEADERS": "x-key=open",
        }
        with running_server(data, "--traces", receiver.url, **environment) as server:
            register(server.url, "ada")
            token = log_in(server, headers={"traceparent": f"00-{CALLER[0]}-{CALLER[1]}-01"})
            chat(server, token)
            bearer = {"Authorization": f"Bearer {token}"}
            found = request("GET", f"{server.url}/api/v1/search?q=quince", headers=bearer)
            assert found.status_code == 200
            assert request("GET", f"{server.url}/no-such/{TEXT}").status_code == 404
            assert server.stop() == 0

    assert receiver.resource["service.name"] == "trio-chat"
    assert receiver.resource["deployment.environment"] == "lab"
    assert receiver.key == "open"

    request_span = receiver.named("POST /api/v1/auth/login")
    assert (request_span.trace_id.hex(), request_span.parent_span_id.hex()) == CALLER
    assert attributes(request_span) == {
        "http.request.method": "POST",
        "http.route": "/api/v1/auth/login",
        "http.response.status_code": 200,
    }
    password = receiver.named("log in")
    assert receiver.parent(password) == "log_in"
    assert receiver.parent(receiver.named("log_in")) == request_span.name
    queries = [span for span in receiver.spans if receiver.parent(span) == password.name]
    assert [span.name for span in queries] == ["PostgresUsers.by_name"]
    assert attributes(queries[0]) == {"db.system.name": "postgresql"}

    sent = receiver.named("native send")
    commit, edit = receiver.named("commit draft"), receiver.named("commit edit")
    assert sent.parent_span_id == b""
    assert receiver.parent(commit) == sent.name
    assert receiver.parent(edit) == "edit"
    published = [span for span in receiver.spans if span.name == "fan-out"]
    assert {receiver.parent(span) for span in published} >= {commit.name, edit.name}
    (fan_out,) = (span for span in published if span.trace_id == commit.trace_id)
    begun = commit.events[0].time_unix_nano
    assert sent.start_time_unix_nano <= commit.start_time_unix_nano <= begun <= commit.end_time_unix_nano
    assert commit.end_time_unix_nano <= fan_out.start_time_unix_nano

    search = receiver.named("search")
    assert receiver.parent(search) == "GET /api/v1/search"
    assert receiver.parent(receiver.named("PostgresSearchIndex.find")) == search.name
    assert attributes(receiver.named("other other"))["http.response.status_code"] == 404

    for private in (TEXT, "quince", "ada", "orchard", PASSWORD, token, "127.0.0.1"):
        assert private.encode() not in receiver.raw, private


def test_a_refused_export_is_logged_once_and_delays_nobody() -> None:
    with receiving(400, 400, 400) as receiver, used_data_path() as data:
        with running_server(data, "--traces", receiver.url, **QUICK) as server:
            register(server.url, "ada")
            for refused in (1, 2, 3):
                token = log_in(server)
                eventually(lambda refused=refused: receiver.refused >= refused, "an export was refused")
            chat(server, token)
            eventually(lambda: receiver.spans, "an export was taken")
            eventually(lambda: "takes traces again" in server.log.read_text(), "it is logged")
            log = server.log.read_text()
        assert log.count("the collector takes no traces") == 1
        assert "Traceback" not in log


def test_a_collector_that_never_answers_delays_neither_requests_nor_the_stop() -> None:
    with closing(socket.create_server(("127.0.0.1", 0), backlog=1)) as silent, used_data_path() as data:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        environment = {"OTEL_BSP_SCHEDULE_DELAY": "20", "OTEL_EXPORTER_OTLP_TIMEOUT": "600"}
        with running_server(data, "--traces", url, **environment) as server:
            register(server.url, "ada")
            silent.settimeout(20)
            with silent.accept()[0]:  # an export is under way, and stays so
                chat(server, log_in(server))
                begun = time.monotonic()
                assert server.stop() == 0
                assert time.monotonic() - begun < 15, "OpenTelemetry alone would wait for 30 s"


async def test_a_span_has_the_type_of_an_exception_without_its_text() -> None:
    async def fail() -> None:
        raise ValueError(TEXT)

    async def refuse() -> Refusal:
        return NOT_ADMIN

    with receiving() as receiver, trio.fail_after(20):
        async with open_traces(receiver.url) as traces:
            with pytest.raises(ValueError, match=TEXT):
                await traces.handler_of(Operation(name="one", handler=fail))()
            await traces.handler_of(Operation(name="other", handler=refuse))()
    status = receiver.named("one").status
    assert (status.code, status.message) == (Status.STATUS_CODE_ERROR, "ValueError")
    assert attributes(receiver.named("other")) == {"chat.refused": "forbidden"}
    assert TEXT.encode() not in receiver.raw


@pytest.mark.parametrize("is_on", [False, pytest.param(True, marks=in_campaign)])
def test_without_the_setting_nothing_of_opentelemetry_is_loaded(is_on: bool) -> None:
    with receiving() as receiver, used_data_path() as data:
        arguments = ["--traces", receiver.url] if is_on else []
        environment = {
            "PYTHONPROFILEIMPORTTIME": "1",
            "OTEL_TRACES_SAMPLER": "always_off",
        }
        with running_server(data, *arguments, prefix=["env"], **environment) as server:  # a Python of its own
            register(server.url, "ada")
            chat(server, log_in(server))
            assert server.stop() == 0
        assert ("opentelemetry" in server.log.read_text()) == is_on
    assert receiver.spans == []  # nothing is sampled
