"""Serves the web client from chat/web: its page at each path of the client, its files below a path with their hash."""

import gzip
import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache, cached_property
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import PurePosixPath
from typing import Any

import msgspec
from quart import Blueprint, Response, request
from quart.blueprints import BlueprintSetupState

from chat.gateway.fair_scheduler import FairScheduler
from chat.web_api.answers import error
from chat.web_api.file_answers import FileAnswers
from chat.web_api.web_bundle import Bundler, without_comments

WEB_CLIENT = "web client"
"""The name of the routes."""

HTML = "text/html; charset=utf-8"

_KINDS = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".pfb": "application/octet-stream",
    ".webmanifest": "application/manifest+json",
}

_PAGES = (
    "/",
    "/setup",
    "/reset",
    "/oidc",
    "/confirm",
    "/link",
    "/i/<code>",
    "/room/<int:room>/<int:seq>",
    "/search",
    "/saved",
    "/share",
    "/reports",
    "/inbox",
    "/inbox/<int:room>",
    "/settings",
    "/settings/<part>",
    "/admin",
    "/admin/<part>",
)
_ROOM = re.compile(r"/room/[0-9]+")
"""A page if the client accepts HTML; the same path is also a call of the protocol Rooms."""

CLIENT_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src blob:;"
        " connect-src 'self'; font-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none';"
        " form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types sw code pdf"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(self), geolocation=()",
}
_OTHER_LANGUAGE = re.compile(r"i18n/(?!en/)\w+/")
"""Files that are loaded by the name of the language, as they are."""
_CACHED = re.compile(
    r"page/|i18n/(?!en/)\w+/|head\.js|features/code/worker\.js|vendor/(?:highlight|temml)\.js"
)
"""Files that the service worker caches: those of the page, a language, and what reads code. A PDF needs the server."""

_OF_FILES = ("X-Content-Type-Options", "Cross-Origin-Resource-Policy", "Strict-Transport-Security")
"""The headers that files get too; the others concern documents alone, and are longer than many a file."""

_FIRST = ("page/sign_in.css", "page/sign_in.js", "page/app.js")
_LATER = ("page/shell.css", "page/shell.js")
_WIDGET = ("panel/panel.css", "panel/panel.js", "panel/widget/panel.js")

_SIGN_IN_STYLES = ("style/tokens.css", "style/base.css", "style/parts.css", "style/sign_in.css")
"""The styles of the sign-in page, in cascade order; the shell's styles follow them."""

_SHELL_MODULES = (
    *("view/app/shell.js", "i18n/en/all.js", "features/registry.js"),
    *(f"net/{name}.js" for name in ("notifications", "restored", "left_out", "activity")),
)
"""The modules that the page imports as soon as somebody has signed in."""

_WIDGET_STYLES = (
    *(
        f"style/{name}.css"
        for name in (
            *("tokens", "base", "parts", "avatar", "message", "message_text"),
            *("timeline", "files", "composer_field"),
        )
    ),
    "features/ratings/ratings.css",
    "widget/panel.css",
)
_FOR_EVER = "max-age=31536000, immutable"

_LARGE = 1_000_000
"""Bytes from which on a file is compressed less: packing the library for PDFs stops the server for 0.06 s, not 0.2."""


class WebFile(msgspec.Struct, frozen=True, dict=True):
    """A file to serve, with its media type."""

    body: bytes
    kind: str

    @cached_property
    def zipped(self) -> bytes | None:
        """The compressed bytes if they are fewer, else None; computed at the first request."""
        level = 9 if len(self.body) < _LARGE else 4
        zipped = gzip.compress(self.body, level, mtime=0)
        return zipped if len(zipped) < len(self.body) else None

    @cached_property
    def etag(self) -> str:
        """A hash of the bytes."""
        return sha256(self.body).hexdigest()[:16]


class WebFiles(msgspec.Struct, frozen=True):
    """All of the client: each file by its path, the pages with their placeholders filled in, and the path of all."""

    files: Mapping[str, WebFile]
    pages: Mapping[str, WebFile]
    base: str
    first: tuple[str, ...]
    """The style and the scripts of the sign-in page."""
    later: tuple[str, ...]
    """The style and the script that are needed as well after signing in."""


@cache
def web_files() -> WebFiles:
    """Read the client's files, and join the modules and styles of each page. Raises OSError. Sync; called once."""
    found = dict(_walk(files("chat") / "web"))
    digest = sha256()
    for name in sorted(found):
        digest.update(f"{name} {len(found[name])} ".encode() + found[name])
    base = f"/web/{digest.hexdigest()[:16]}/"
    made = {**_styles(found), **_scripts(found, base)}
    kept = {
        name: WebFile(body, _KINDS[suffix])
        for name, body in (found | made).items()
        if (suffix := PurePosixPath(name).suffix) in _KINDS
    }
    places = _places(base, _FIRST, _LATER, [name for name in kept if _CACHED.match(name)])
    pages = {
        name: WebFile(_filled(found[name].decode(), filling).encode(), kind)
        for name, kind, filling in (
            ("index.html", HTML, places),
            ("widget/widget.html", HTML, _places(base, _WIDGET)),
            ("sw.js", _KINDS[".js"], places),
            ("manifest.webmanifest", _KINDS[".webmanifest"], places),
        )
    }
    return WebFiles(kept, pages, base, _FIRST, _LATER)


def _styles(found: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the style of each page: its styles one after the other."""
    shell = [
        name
        for pattern in (r"style/[^/]+\.css", r"features/[^/]+/[^/]+\.css")
        for name in sorted(found)
        if re.fullmatch(pattern, name) and name not in _SIGN_IN_STYLES
    ]
    joined = ((_FIRST[0], _SIGN_IN_STYLES), (_LATER[0], shell), (_WIDGET[0], _WIDGET_STYLES))
    return {name: b"".join(found[each] for each in styles) for name, styles in joined}


def _scripts(found: Mapping[str, bytes], base: str) -> dict[str, bytes]:
    """Return the scripts of each page. Below `base` itself, workers and languages are loaded as they are."""
    sources = {
        name: body.decode() if name.startswith("vendor/") else without_comments(body.decode())
        for name, body in found.items()
        if name.endswith(".js") and not _OTHER_LANGUAGE.match(name)
    }
    page = Bundler(sources, base, "page/").bundle(
        "app.js", {"sign_in.js": ["app.js"], "shell.js": _SHELL_MODULES}
    )
    panel = Bundler(sources, base, "panel/").bundle("widget/panel.js", {"panel.js": ["widget/panel.js"]})
    return {name: text.encode() for name, text in (page | panel).items()}


def _places(
    base: str, first: Sequence[str], later: Sequence[str] = (), whole: Sequence[str] = ()
) -> dict[str, str]:
    """Return the values of a page's placeholders: the files to load first, those to load next, and all files."""
    return {
        "base": base,
        "first": "".join(
            f'<link rel="stylesheet" href="{base}{name}">'
            if name.endswith(".css")
            else f'<link rel="modulepreload" href="{base}{name}">'
            for name in first
        ),
        "later": "".join(
            f'<link rel="stylesheet" class="deferred" href="{base}{name}">'
            if name.endswith(".css")
            else f'<link rel="modulepreload" fetchpriority="low" href="{base}{name}">'
            for name in later
        ),
        "files": json.dumps([base + name for name in whole]),
    }


def create_web_client(
    server_name: Callable[[], str], *, is_encrypted: bool = False, scheduler: FairScheduler | None = None
) -> Blueprint:
    """Return the routes. The app answers requests for files before it looks for a route. Raises OSError.

    Args:
        server_name: Returns the server's current name.
        is_encrypted: Send HSTS, so that browsers only come back over TLS.
        scheduler: Shares the event loop fairly between files and all other requests.
    """
    client = Blueprint(WEB_CLIENT, __name__)
    web = web_files()
    headers = CLIENT_HEADERS | ({"Strict-Transport-Security": "max-age=31536000"} if is_encrypted else {})

    for_files = {name: headers[name] for name in _OF_FILES if name in headers}

    async def page(**_parts: object) -> Response:
        return respond(web.pages["index.html"], {**headers, "Vary": "Accept-Encoding, Accept"})

    for path in _PAGES:
        client.add_url_rule(path, f"page {path}", page, methods=["GET"])

    @client.before_app_request
    async def room() -> Response | None:
        if (
            request.method in ("GET", "HEAD")
            and _ROOM.fullmatch(request.path)
            and "text/html" in request.headers.get("Accept", "")
        ):
            return await page()
        return None

    @client.get("/sw.js")
    async def worker() -> Response:
        return respond(web.pages["sw.js"], headers)

    @client.get("/manifest.webmanifest")
    async def manifest() -> Response:
        return respond(_named(web.pages["manifest.webmanifest"], server_name()), headers)

    @client.get("/web/<digest>/<path:name>")
    async def file(digest: str, name: str) -> Response:
        if f"/web/{digest}/" != web.base or name not in web.files:
            return error(404, "there is no such file")
        return respond(web.files[name], for_files, _FOR_EVER)

    def response_to(path: str, zipped: bool) -> Response:
        return _response(web.files[path.removeprefix(web.base)], for_files, _FOR_EVER, zipped=zipped)

    def answer_files_first(state: BlueprintSetupState) -> None:
        paths = {web.base + name for name in web.files}
        app: Any = state.app  # Quart's documentation replaces this method to add middleware
        app.asgi_app = FileAnswers(app.asgi_app, paths, response_to, scheduler or FairScheduler())

    client.record(answer_files_first)
    return client


def _named(manifest: WebFile, name: str) -> WebFile:
    """Return the manifest with the application's name set. Sync."""
    about = json.loads(manifest.body) | {"name": name, "short_name": name}
    return WebFile(json.dumps(about, ensure_ascii=False).encode(), manifest.kind)


def respond(file: WebFile, headers: Mapping[str, str], lasts: str = "no-cache") -> Response:
    """Answer with a file, compressed if the client accepts that, or with 304 if the client has it. Sync.

    `lasts` is its Cache-Control. Immutable files have no ETag, as they are never requested again.
    """
    known = request.headers.get("If-None-Match", "")
    return _response(file, headers, lasts, known, zipped=bool(request.accept_encodings["gzip"]))


def _response(
    file: WebFile, headers: Mapping[str, str], lasts: str, known: str = "", *, zipped: bool
) -> Response:
    body = file.zipped if zipped else None
    general = {"Vary": "Accept-Encoding", **headers, "Cache-Control": lasts}
    if lasts != _FOR_EVER:
        general["ETag"] = f'"{file.etag}{"" if body is None else "-gzip"}"'
        if general["ETag"] in known:
            return Response(b"", 304, headers=general)
    if body is not None:
        general["Content-Encoding"] = "gzip"
    return Response(file.body if body is None else body, 200, headers=general, content_type=file.kind)


def _walk(folder: Traversable, path: str = "") -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for each in folder.iterdir():
        if each.is_dir():
            found += _walk(each, f"{path}{each.name}/")
        elif PurePosixPath(each.name).suffix in {*_KINDS, ".html"}:
            found.append((path + each.name, each.read_bytes()))
    return found


def _filled(text: str, places: Mapping[str, str]) -> str:
    """Fill in the placeholders `{{place}}`; the string `"{{files}}"` of a script is replaced with its quotes."""
    text = text.replace('"{{files}}"', places["files"])
    return re.sub(r"\{\{(\w+)\}\}", lambda place: places[place[1]], text)
