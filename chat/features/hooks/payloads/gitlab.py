"""Events of GitLab.

Source: https://docs.gitlab.com/user/project/integrations/webhook_events/
"""

from collections.abc import Callable, Mapping

from chat.features.hooks.payloads.forges import branch, commits_of, counted, quoted
from chat.features.hooks.payloads.values import (
    Content,
    Payload,
    Reader,
    code,
    dict_of,
    line_of,
    lines,
    link,
    list_of,
    words,
)

_NOBODY = "0" * 40
"""The commit before a new branch, and after a deleted one."""

_ABOUT = (("merge_request", "!"), ("issue", "#"), ("snippet", "$"), ("commit", ""))
"""What a comment is about, and the sign before its number."""

_ENDINGS = {"open": "opened", "close": "closed", "reopen": "reopened", "update": "updated", "merge": "merged"}


def read(payload: Payload, _reader: Reader) -> Content:
    """Return the content of an event."""
    kind = line_of(payload.get("object_kind")) or line_of(payload.get("event_name"))
    say = _EVENTS.get(kind)
    said = say(payload) if say is not None else code(kind)
    project = dict_of(payload.get("project"))
    where = link(project.get("path_with_namespace") or project.get("name"), project.get("web_url"))
    head, _, rest = said.partition("\n")
    return Content(lines([f"{where}: {head}" if where else head, rest]))


def _who(payload: Payload) -> str:
    user = dict_of(payload.get("user"))
    return line_of(user.get("name")) or line_of(payload.get("user_name")) or "somebody"


def _push(payload: Payload) -> str:
    ref = branch(payload.get("ref"))
    if payload.get("after") == _NOBODY:
        return f"{_who(payload)} deleted {ref}"
    given = list_of(payload.get("commits"))
    total = payload.get("total_commits_count")
    count = total if isinstance(total, int) and total > len(given) else len(given)
    if not count:
        return f"{_who(payload)} pushed {ref}"
    return lines([f"{_who(payload)} pushed {counted(count, 'commit')} to {ref}", *commits_of(given, count)])


def _thing(name: str, sign: str) -> Callable[[Payload], str]:
    def say(payload: Payload) -> str:
        thing = dict_of(payload.get("object_attributes"))
        action = line_of(thing.get("action"))
        title = link(
            words(f"{sign}{line_of(thing.get('iid'))}", line_of(thing.get("title"))), thing.get("url")
        )
        said = f"{_who(payload)} {_ENDINGS.get(action, action or 'changed')} {name} {title}"
        return lines([said, quoted(thing.get("description")) if action == "open" else ""])

    return say


def _note(payload: Payload) -> str:
    note = dict_of(payload.get("object_attributes"))
    key, sign = next((each for each in _ABOUT if dict_of(payload.get(each[0]))), ("", ""))
    about = dict_of(payload.get(key))
    number = line_of(about.get("iid"))
    title = words(f"{sign}{number}" if number else "", line_of(about.get("title"))) or line_of(
        about.get("message")
    )
    return lines(
        [f"{_who(payload)} commented on {link(title or 'it', note.get('url'))}", quoted(note.get("note"))]
    )


def _pipeline(payload: Payload) -> str:
    pipeline = dict_of(payload.get("object_attributes"))
    project = dict_of(payload.get("project"))
    number = line_of(pipeline.get("id"))
    page = pipeline.get("url") or f"{line_of(project.get('web_url'))}/-/pipelines/{number}"
    return words(
        link(f"pipeline #{number}", page),
        "on",
        branch(pipeline.get("ref")) or "?",
        line_of(pipeline.get("status")),
    )


def _job(payload: Payload) -> str:
    name = words(line_of(payload.get("build_stage")), line_of(payload.get("build_name")))
    return words("job", name, "on", branch(payload.get("ref")) or "?", line_of(payload.get("build_status")))


def _release(payload: Payload) -> str:
    title = link(line_of(payload.get("name")) or line_of(payload.get("tag")), payload.get("url"))
    return lines(
        [words("release", title, line_of(payload.get("action"))), quoted(payload.get("description"))]
    )


def _deployment(payload: Payload) -> str:
    to = code(payload.get("environment")) or "?"
    return words(_who(payload), "deployed to", to, line_of(payload.get("status")))


_EVENTS: Mapping[str, Callable[[Payload], str]] = {
    "push": _push,
    "tag_push": _push,
    "issue": _thing("issue", "#"),
    "work_item": _thing("issue", "#"),
    "merge_request": _thing("merge request", "!"),
    "note": _note,
    "pipeline": _pipeline,
    "build": _job,
    "release": _release,
    "deployment": _deployment,
}
