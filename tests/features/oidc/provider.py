"""An identity provider of the tests: small, over plain HTTP on loopback, and it lies where a test wants it to."""

import time
from base64 import urlsafe_b64encode
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import trio
from joserfc import jwk, jwt

CLIENT = "chat"
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"


def new_key(kid: str, kind: str = "EC") -> Any:
    """Return a new key pair; those of RSA take a moment."""
    return (
        jwk.ECKey.generate_key("P-256", {"kid": kid})
        if kind == "EC"
        else jwk.RSAKey.generate_key(2048, {"kid": kid})
    )


class LyingProvider:
    """A provider. What it says may be changed before it is asked."""

    def __init__(self, port: int, path: str = "") -> None:
        self.issuer = f"http://127.0.0.1:{port}{path}"
        self._path = path.rstrip("/")
        self.key = new_key("one")
        self.published = [self.key]
        self.asked: list[str] = []
        """Method and path of each request."""
        self.forms: list[dict[str, str]] = []
        """What the token endpoint got."""
        self.described: dict[str, Any] = {}
        """Changes of the description."""
        self.claims: dict[str, Any] = {}
        """Changes of the claims of ID tokens; None leaves one out."""
        self.sign: Callable[[dict[str, Any]], str] = self.signed
        self.userinfo: dict[str, Any] = {}
        self.is_down = False
        self.held: dict[str, tuple[trio.Event, trio.Event]] = {}
        """Paths whose answers wait: one event says that a request has come, the other lets the answer go."""
        self.sub = "s-1"
        self._codes: dict[str, dict[str, str]] = {}

    def signed(self, claims: dict[str, Any], alg: str = "ES256", **header: Any) -> str:
        """Return a token of these claims."""
        kid = {"kid": self.key.kid}
        return jwt.encode({"alg": alg, **kid, **header}, claims, self.key, algorithms=[alg])

    def grant(self, url: str) -> str:
        """Return a code for somebody who follows this URL and consents."""
        asked = {name: value for name, (value,) in parse_qs(urlsplit(url).query).items()}
        assert asked["client_id"] == CLIENT
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        code = f"code-{len(self._codes)}"
        self._codes[code] = asked
        return code

    def id_token(self, nonce: str) -> str:
        """Return an ID token as its claims are changed."""
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": self.sub,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 60,
            "nonce": nonce,
        }
        return self.sign({name: each for name, each in {**claims, **self.claims}.items() if each is not None})

    def logout_token(self, **changes: Any) -> str:
        """Return a logout token for the person."""
        now = int(time.time())
        events = {LOGOUT_EVENT: {}}
        claims = {
            "iss": self.issuer,
            "sub": self.sub,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 60,
            "events": events,
        }
        claims["jti"] = f"jti-{time.time_ns()}"
        return self.sign({name: each for name, each in {**claims, **changes}.items() if each is not None})

    def answer(self, method: str, path: str, body: str) -> tuple[int, Any]:
        """Return status and JSON."""
        if self.is_down:
            return 503, {}
        at = self.issuer.rstrip("/")
        match method, path.removeprefix(self._path):
            case "GET", "/.well-known/openid-configuration":
                known = {
                    "issuer": self.issuer,
                    "authorization_endpoint": f"{at}/auth",
                    "token_endpoint": f"{at}/token",
                    "jwks_uri": f"{at}/jwks",
                    "userinfo_endpoint": f"{at}/me",
                    "end_session_endpoint": f"{at}/end",
                }
                return 200, {**known, **self.described}
            case "GET", "/jwks":
                return 200, {"keys": [key.as_dict(private=False) for key in self.published]}
            case "GET", "/me":
                return 200, {"sub": self.sub, **self.userinfo}
            case "POST", "/token":
                form = {name: value for name, (value,) in parse_qs(body).items()}
                self.forms.append(form)
                granted = self._codes.pop(form["code"], None)
                if granted is None or form["redirect_uri"] != granted["redirect_uri"]:
                    return 400, {"error": "invalid_grant"}
                challenge = (
                    urlsafe_b64encode(sha256(form["code_verifier"].encode()).digest()).decode().rstrip("=")
                )
                if challenge != granted["code_challenge"]:
                    return 400, {"error": "invalid_grant"}
                return 200, {
                    "access_token": "a",
                    "token_type": "Bearer",
                    "id_token": self.id_token(granted["nonce"]),
                }
        return 404, {}


@asynccontextmanager
async def open_lying_provider(path: str = "") -> AsyncGenerator[LyingProvider]:
    """Serve for as long as the block lasts; `path` is that of the issuer."""

    async def serve(stream: trio.abc.Stream) -> None:
        read = b""
        try:
            while True:
                while b"\r\n\r\n" not in read:
                    if not (some := await stream.receive_some()):
                        return
                    read += some
                head, _, read = read.partition(b"\r\n\r\n")
                first, *lines = head.decode().split("\r\n")
                headers = {line.partition(":")[0].lower(): line.partition(":")[2].strip() for line in lines}
                length = int(headers.get("content-length", "0"))
                while len(read) < length:
                    read += await stream.receive_some()
                body, read = read[:length], read[length:]
                method, path, _ = first.split()
                found.asked.append(f"{method} {path}")
                status, answer = found.answer(method, path, body.decode())
                if path in found.held:
                    has_come, may_go = found.held[path]
                    has_come.set()
                    await may_go.wait()
                raw = msgspec.json.encode(answer)
                head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(raw)}\r\n\r\n".encode()
                await stream.send_all(head + raw)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass

    async with trio.open_nursery() as nursery:
        listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
        found = LyingProvider(listeners[0].socket.getsockname()[1], path)
        nursery.start_soon(trio.serve_listeners, serve, listeners)
        yield found
        nursery.cancel_scope.cancel()
