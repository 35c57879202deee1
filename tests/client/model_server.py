"""A small model server of the native socket: the model of rooms behind real trio-websocket, with faults on demand."""

import math
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any

import msgspec
import trio
from trio.testing import memory_stream_pair
from trio_websocket import ConnectionClosed, WebSocketConnection, wrap_server_stream

from chat.client.address import Address
from tests.client.model import Json, ModelRoom, ModelWorld
from tests.client.model_sessions import Begun, ModelSessions

PEOPLE = {1: "ada", 2: "ben", 3: "cleo"}


class RefusedByModel(Exception):
    """A request gets an error."""

    def __init__(self, code: str, **fields: Any) -> None:
        self.reply = {"type": "error", "code": code, "text": code, **fields}


class ModelSocket:
    """One connection of a person, and its synced rooms; live once all rooms were sent."""

    def __init__(self, person: int, scope: trio.CancelScope) -> None:
        self.person = person
        self.rooms: set[int] = set()
        self.far: set[int] = set()  # of which it asks for more, page by page
        self.is_live = False
        self.ending: tuple[int, str] | None = None
        self._scope = scope
        self.send, self.queued = trio.open_memory_channel[str](math.inf)

    def send_frame(self, frame: Json) -> None:
        with suppress(trio.BrokenResourceError, trio.ClosedResourceError):  # it may be dropped by now
            self.send.send_nowait(msgspec.json.encode(frame).decode())

    def drop(self) -> None:
        """End it without a word; what was not sent is lost."""
        self._scope.cancel()

    def close(self, code: int) -> None:
        """End it with a close frame, after the queued frames."""
        self.ending = (code, "")
        self.send.close()


class ModelServer:
    """Serves the model's rooms.

    Attributes:
        on_request: called with each request before it is done; it may raise RefusedByModel.
        loses_answer: whether the answer to a request is lost, with the connection.
        is_silent: whether no request is even read.
        loses_event: whether a socket does not get an event, which a correct server never does.
        requests: each request and its person, as it came.
    """

    def __init__(self, world: ModelWorld, *, known: int = 1000, in_flight: int = 64) -> None:
        self.world = world
        self.sockets: list[ModelSocket] = []
        self.requests: list[tuple[int, Json]] = []
        self.on_request: Callable[[Json], None] = lambda _request: None
        self.loses_answer: Callable[[Json], bool] = lambda _request: False
        self.loses_event: Callable[[Json], bool] = lambda _event: False
        self.is_reachable = True
        self.is_silent = False
        self.handshakes = 0
        self.sessions = ModelSessions(world.people)
        self._limits = {"known": known, "in_flight": in_flight}
        self.key_days = 0

    def publish(self, room: ModelRoom, event: Json | None) -> None:
        """Tell an event to all who are in the room."""
        for socket in self.sockets if event is not None else ():
            if room.id in socket.rooms and not self.loses_event(event or {}):
                socket.send_frame(event or {})

    def join(self, room: ModelRoom, person: int) -> None:
        """Let somebody join: the room comes first, and then its changes."""
        self.publish(room, room.join(person))
        for socket in self._sockets_of(person):
            if room.id not in socket.rooms | socket.far:
                socket.rooms.add(room.id)
                socket.send_frame({"type": "room", **room.snapshot(person)})

    def remove(self, room: ModelRoom, person: int) -> None:
        """Remove a person, who gets nothing after it."""
        for socket in self._sockets_of(person):
            if room.id not in socket.rooms:
                continue  # it is told so with the next page
            socket.rooms.discard(room.id)
            socket.send_frame({"type": "gone", "room": room.id, "reason": "removed"})
        self.publish(room, room.remove(person, by=2))

    def _sockets_of(self, person: int) -> Iterable[ModelSocket]:
        return (socket for socket in self.sockets if socket.person == person and socket.is_live)

    async def serve(self, stream: trio.abc.Stream) -> None:
        """Serve one connection until it ends."""
        try:
            begun = bytes(await stream.receive_some())
            if not begun.startswith(b"GET /api/v1/socket "):
                await self.sessions.serve(stream, begun)
                return
            async with trio.open_nursery() as nursery:
                request = await wrap_server_stream(nursery, Begun(stream, begun))  # type: ignore[arg-type]
                connection = await request.accept()
                self.handshakes += 1
                try:
                    await self._converse(connection)
                finally:
                    nursery.cancel_scope.cancel()
        except* (ConnectionClosed, OSError, trio.BrokenResourceError, trio.ClosedResourceError):
            pass
        finally:
            await trio.aclose_forcefully(stream)

    async def _converse(self, connection: WebSocketConnection) -> None:
        hello = msgspec.json.decode(await connection.get_message())
        person = self.sessions.tokens.get(hello["token"])
        if person is None:
            await connection.aclose(4401)
            return
        async with trio.open_nursery() as nursery:
            socket = ModelSocket(person, nursery.cancel_scope)
            self.sockets.append(socket)
            try:
                nursery.start_soon(self._write, connection, socket)
                self._hear(socket, hello)
                while True:
                    self._hear(socket, msgspec.json.decode(await connection.get_message()))
            finally:
                self.sockets.remove(socket)
                socket.send.close()
                nursery.cancel_scope.cancel()

    async def _write(self, connection: WebSocketConnection, socket: ModelSocket) -> None:
        async for frame in socket.queued:
            await connection.send_message(frame)
        if socket.ending is not None:
            with trio.move_on_after(1):
                await connection.aclose(*socket.ending)
        socket.drop()

    def _hear(self, socket: ModelSocket, request: Json) -> None:
        if self.is_silent:
            return
        self.requests.append((socket.person, request))
        try:
            self.on_request(request)
            reply = getattr(self, f"_{request['type']}")(socket, request)
        except RefusedByModel as refused:
            reply = refused.reply
        if self.loses_answer(request):
            socket.drop()
        else:
            kind = reply.pop("type", f"{request['type']}_ok")
            socket.send_frame({"type": kind, "id": request["id"], **reply})

    def _room(self, socket: ModelSocket, request: Json) -> ModelRoom:
        room = self.world.rooms.get(request["room"])
        if room is None or socket.person not in room.members:
            raise RefusedByModel("not_found", field="room")
        return room

    def _hello(self, socket: ModelSocket, request: Json) -> Json:
        if self.sessions.tokens.get(request["token"]) != socket.person:
            raise RefusedByModel("expired")
        me = {**self.world.sender(socket.person), "changed": 1}
        return {
            "me": me,
            "server": "model",
            "version": "0",
            "limits": self._limits | {"key_days": self.key_days},
            "expires_at": 2**50,
        }

    def _sync(self, socket: ModelSocket, request: Json) -> Json:
        known = {each["room"]: each for each in request.get("known", ())}
        assert len(known) <= self._limits["known"]
        mine = [room for room in self.world.rooms.values() if socket.person in room.members]
        limit = request.get("limit", 20_000) if request.get("far") == "page" else None
        behind = sum(known[room.id]["pos"] < room.pos for room in mine if room.id in known)
        for room in mine:
            if room.id in known:
                share = None if limit is None else -(-limit // max(behind, 1))
                if share is not None:
                    limit, behind = max(limit - share, 0), behind - (known[room.id]["pos"] < room.pos)
                was_far = room.id in socket.far
                got = list(room.sync(socket.person, known[room.id]["pos"], known[room.id]["at"], share))
                for event in got:
                    socket.send_frame(event)
                if got and got[-1]["type"] == "more":
                    socket.rooms.discard(room.id)
                    socket.far.add(room.id)
                    continue
                socket.far.discard(room.id)
                if was_far or room.marked_at[socket.person] > request.get("since", self.world.now) - 60_000:
                    socket.send_frame(room.read(socket.person, 0))
            elif request.get("rest", True) and room.id not in socket.rooms | socket.far:
                socket.send_frame({"type": "room", **room.snapshot(socket.person)})
            else:
                continue
            socket.rooms.add(room.id)
        socket.far -= known.keys() - {room.id for room in mine}
        for gone in known.keys() - {room.id for room in mine}:
            socket.send_frame({"type": "gone", "room": gone, "reason": "removed"})
        socket.is_live = socket.is_live or request.get("rest", True)
        return {"rooms": len(mine)}

    def _send(self, socket: ModelSocket, request: Json) -> Json:
        said = {name: request.get(name) for name in ("room", "text", "reply")}
        if (before := self.world.keys.get((socket.person, request["key"]))) is not None:
            if before[0] != said:
                raise RefusedByModel("conflict", room=before[0]["room"], seq=before[1]["seq"])
            return {**before[1], "again": True}
        room = self._room(socket, request)
        event = room.say(socket.person, request["text"], request["key"], request.get("reply"))
        sent = {name: event[name] for name in ("seq", "pos", "at")}
        self.world.keys[socket.person, request["key"]] = (said, sent)
        self.publish(room, event)
        return dict(sent)

    def _changed(self, room: ModelRoom, seq: int, event: Json | None) -> Json:
        self.publish(room, event)
        return {"pos": room.messages[seq]["pos"]}

    def _message(self, socket: ModelSocket, request: Json) -> ModelRoom:
        room = self._room(socket, request)
        message = room.messages.get(request["seq"])
        if message is None or ("deleted" in message and request["type"] != "delete"):
            raise RefusedByModel("not_found", field="seq")
        if request["type"] != "react" and message["sender"]["id"] != socket.person:
            raise RefusedByModel("forbidden")
        return room

    def _edit(self, socket: ModelSocket, request: Json) -> Json:
        room, seq = self._message(socket, request), request["seq"]
        return self._changed(room, seq, room.edit(seq, request["text"]))

    def _delete(self, socket: ModelSocket, request: Json) -> Json:
        room, seq = self._message(socket, request), request["seq"]
        return self._changed(room, seq, room.delete(seq, socket.person))

    def _react(self, socket: ModelSocket, request: Json) -> Json:
        room, seq = self._message(socket, request), request["seq"]
        on = request.get("on", True)
        return self._changed(room, seq, room.react(seq, socket.person, request["emoji"], on=on))

    def _read(self, socket: ModelSocket, request: Json) -> Json:
        room = self._room(socket, request)
        event = room.read(socket.person, request["seq"], back=request.get("back", False))
        for each in self._sockets_of(socket.person):
            if room.id in each.rooms:
                each.send_frame(event)
        return {"unread": event["unread"], "mentions": event["mentions"]}

    def _history(self, socket: ModelSocket, request: Json) -> Json:
        room, limit = self._room(socket, request), request.get("limit", 50)
        if "after" in request:
            first = request["after"] + 1
        elif "around" in request:
            first = max(request["around"] - limit // 2, 1)
        else:
            first = max(request.get("before", room.seq + 1) - limit, 1)
        until = min(first + limit, request.get("before", room.seq + 1), room.seq + 1)
        messages = [room.message_for(socket.person, seq) for seq in range(first, until)]
        return {"messages": messages, "pos": room.pos, "first": first == 1, "last": until == room.seq + 1}

    def _watch(self, _socket: ModelSocket, request: Json) -> Json:
        here = {each.person for each in self.sockets}
        states = {True: "online", False: "offline"}
        return {"people": [{"id": each, "state": states[each in here]} for each in request["people"]]}

    def _status(self, _socket: ModelSocket, _request: Json) -> Json:
        return {}

    def _activity(self, socket: ModelSocket, request: Json) -> Json:
        room = self._room(socket, request)
        event = {"type": "activity", "person": self.world.sender(socket.person), "what": request["what"]}
        for each in self.sockets:
            if room.id in each.rooms and each.person != socket.person:
                each.send_frame({**event, "room": room.id})
        return {}

    def _ping(self, _socket: ModelSocket, _request: Json) -> Json:
        return {"at": self.world.tick()}


class MemoryAddress(Address):
    """An address at which a model server is reached through memory, so that time may jump."""

    __slots__ = ()
    servers: dict[str, tuple[ModelServer, trio.Nursery]] = {}

    async def open_stream(self) -> trio.abc.Stream:
        await trio.lowlevel.checkpoint()
        server, nursery = self.servers[self.name]
        if not server.is_reachable:
            raise OSError("nobody is there")
        here, there = memory_stream_pair()
        nursery.start_soon(server.serve, there)
        return here


@asynccontextmanager
async def in_memory(server: ModelServer) -> AsyncGenerator[Address]:
    """Serve in memory for as long as the block lasts; return where."""
    async with trio.open_nursery() as nursery:
        name = f"model-{id(server)}"
        MemoryAddress.servers[name] = server, nursery
        try:
            yield MemoryAddress("model", 1, name, "", None)
        finally:
            del MemoryAddress.servers[name]
            nursery.cancel_scope.cancel()


@asynccontextmanager
async def on_loopback(server: ModelServer) -> AsyncGenerator[str]:
    """Serve on a free port of loopback for as long as the block lasts; return its URL."""
    async with trio.open_nursery() as nursery:
        serve = partial(trio.serve_tcp, server.serve, 0, host="127.0.0.1")
        listeners: list[trio.SocketListener] = await nursery.start(serve)
        port = listeners[0].socket.getsockname()[1]
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            nursery.cancel_scope.cancel()
