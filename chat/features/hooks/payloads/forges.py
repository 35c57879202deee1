"""Events of GitHub, and of Gitea and Forgejo, which name them alike.

Sources: https://docs.github.com/en/webhooks/webhook-events-and-payloads, https://docs.gitea.com/usage/webhooks
"""

from collections.abc import Callable, Mapping

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
    shortened,
    text_of,
    with_rest,
    words,
)

_COMMITS = 5
_LONGEST_COMMENT = 500


def read(event: str, payload: Payload, _reader: Reader) -> Content:
    """Return the content of an event of this name."""
    said = _EVENTS.get(event, _other)(payload)
    if said is None:
        said = words(code(event), line_of(payload.get("action")).replace("_", " "))
    repository = dict_of(payload.get("repository"))
    where = link(repository.get("full_name") or repository.get("name"), repository.get("html_url"))
    head, _, rest = said.partition("\n")
    return Content(lines([f"{where}: {head}" if where else head, rest]))


def who(payload: Payload) -> str:
    """Return who caused an event, as a link."""
    for key in ("sender", "pusher", "user"):
        person = dict_of(payload.get(key))
        name = person.get("login") or person.get("username") or person.get("name")
        if name:
            return link(name, person.get("html_url"))
    return "somebody"


def commits_of(value: object, count: object = None) -> list[str]:
    """Return the first lines of the messages of commits, as a list."""
    given = [dict_of(each) for each in list_of(value)]
    shown = [_commit(each) for each in given[:_COMMITS]]
    return with_rest(shown, count if isinstance(count, int) and count > len(given) else len(given))


def _commit(commit: Payload) -> str:
    first = text_of(commit.get("message")).partition("\n")[0]
    return f"- {link(line_of(commit.get('id'))[:7], commit.get('url'))} {line_of(first)}"


def quoted(value: object) -> str:
    """Return a comment as a quote."""
    text = shortened(text_of(value), _LONGEST_COMMENT)
    return "\n".join(f"> {line}" for line in text.split("\n")) if text else ""


def branch(value: object) -> str:
    """Return the name of a ref as code."""
    return code(line_of(value).removeprefix("refs/heads/").removeprefix("refs/tags/"))


def counted(number: int, one: str) -> str:
    """Return a number of things."""
    return f"{number} {one}" if number == 1 else f"{number} {one}s"


def _push(payload: Payload) -> str:
    ref, given = line_of(payload.get("ref")), list_of(payload.get("commits"))
    total = payload.get("total_commits")
    count = total if isinstance(total, int) and total > len(given) else len(given)
    kind = "tag " if ref.startswith("refs/tags/") else ""
    if payload.get("deleted") is True:
        return f"{who(payload)} deleted {kind}{branch(ref)}"
    if not given:
        return f"{who(payload)} pushed {kind}{branch(ref)}"
    compare = payload.get("compare") or payload.get("compare_url")
    how = "force-pushed" if payload.get("forced") is True else "pushed"
    head = f"{who(payload)} {how} {link(counted(count, 'commit'), compare)} to {branch(ref)}"
    return lines([head, *commits_of(given, count)])


def _thing(key: str, name: str) -> "Callable[[Payload], str | None]":
    """Return a function that says what happened to an issue or a pull request."""

    def say(payload: Payload) -> str | None:
        thing, action = dict_of(payload.get(key)), line_of(payload.get("action")).replace("_", " ")
        if not thing:
            return None
        if action == "closed" and thing.get("merged") is True:
            action = "merged"
        number = line_of(thing.get("number"))
        title = link(
            words(f"#{number}" if number else "", line_of(thing.get("title"))), thing.get("html_url")
        )
        more = [
            quoted(thing.get("body")) if action == "opened" else "",
            quoted(
                dict_of(payload.get("review")).get("body") or dict_of(payload.get("review")).get("content")
            ),
        ]
        return lines([f"{who(payload)} {action or 'changed'} {name} {title}", *more])

    return say


def _comment(payload: Payload) -> str | None:
    comment = dict_of(payload.get("comment"))
    about = dict_of(payload.get("issue")) or dict_of(payload.get("pull_request"))
    if not comment:
        return None
    number = line_of(about.get("number"))
    title = words(f"#{number}" if number else "", line_of(about.get("title"))) or "a commit"
    action = line_of(payload.get("action"))
    how = "commented on" if action in ("created", "") else f"{action} a comment on"
    return lines(
        [f"{who(payload)} {how} {link(title, comment.get('html_url'))}", quoted(comment.get("body"))]
    )


def _ref(verb: str) -> "Callable[[Payload], str | None]":
    def say(payload: Payload) -> str | None:
        return f"{who(payload)} {verb} {line_of(payload.get('ref_type'))} {branch(payload.get('ref'))}"

    return say


def _release(payload: Payload) -> str | None:
    release = dict_of(payload.get("release"))
    name = line_of(release.get("name")) or line_of(release.get("tag_name"))
    action = line_of(payload.get("action")) or "published"
    return lines(
        [
            f"{who(payload)} {action} release {link(name, release.get('html_url'))}",
            quoted(release.get("body")),
        ]
    )


def _run(key: str) -> "Callable[[Payload], str | None]":
    def say(payload: Payload) -> str | None:
        run = dict_of(payload.get(key))
        result = (
            line_of(run.get("conclusion")) or line_of(run.get("status")) or line_of(payload.get("action"))
        )
        name = link(line_of(run.get("name")) or key.replace("_", " "), run.get("html_url"))
        at = line_of(run.get("head_branch"))
        return words(name, f"on {code(at)}:" if at else ":", result.replace("_", " ")) if run else None

    return say


def _status(payload: Payload) -> str | None:
    context = line_of(payload.get("context")) or "status"
    said = words(
        link(context, payload.get("target_url")),
        line_of(payload.get("state")),
        code(line_of(payload.get("sha"))[:7]),
    )
    return lines([said, line_of(payload.get("description"))])


def _deployment(payload: Payload) -> str | None:
    status, deployment = dict_of(payload.get("deployment_status")), dict_of(payload.get("deployment"))
    to = code(deployment.get("environment"))
    return words(
        "deployment to",
        to or "?",
        line_of(status.get("state")),
        link("log", status.get("target_url")) if status.get("target_url") else "",
    )


def _fork(payload: Payload) -> str | None:
    forkee = dict_of(payload.get("forkee"))
    return f"{who(payload)} forked it to {link(forkee.get('full_name'), forkee.get('html_url'))}"


def _star(payload: Payload) -> str | None:
    return f"{who(payload)} {'took back a star' if payload.get('action') == 'deleted' else 'starred it'}"


def _ping(payload: Payload) -> str | None:
    return words("the webhook works.", line_of(payload.get("zen")))


def _other(payload: Payload) -> str | None:
    for key, name in (("pull_request", "pull request"), ("issue", "issue")):
        if said := _thing(key, name)(payload):
            return said
    return None


_EVENTS: "Mapping[str, Callable[[Payload], str | None]]" = {
    "push": _push,
    "issues": _thing("issue", "issue"),
    "pull_request": _thing("pull_request", "pull request"),
    "pull_request_review": _thing("pull_request", "a review of"),
    "issue_comment": _comment,
    "pull_request_comment": _comment,
    "pull_request_review_comment": _comment,
    "commit_comment": _comment,
    "create": _ref("created"),
    "delete": _ref("deleted"),
    "release": _release,
    "workflow_run": _run("workflow_run"),
    "workflow_job": _run("workflow_job"),
    "check_run": _run("check_run"),
    "check_suite": _run("check_suite"),
    "status": _status,
    "deployment_status": _deployment,
    "fork": _fork,
    "star": _star,
    "watch": _star,
    "ping": _ping,
}
