"""Tools with a form of their own: Sentry, Uptime Kuma, and Jenkins' notification plugin. Sync and pure.

Sources: https://docs.sentry.io/organization/integrations/integration-platform/webhooks/,
https://github.com/louislam/uptime-kuma/wiki/Notification-Methods, https://plugins.jenkins.io/notification/
"""

from chat.features.hooks.payloads.values import (
    LONGEST_PART,
    MOST_ITEMS,
    Content,
    Payload,
    Reader,
    bold,
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


def sentry(payload: Payload, _reader: Reader) -> Content:
    """Return the content of an issue, an event, an error or an alert of Sentry, by an integration or the plugin."""
    data = dict_of(payload.get("data"))
    thing: Payload = {}
    for key in ("issue", "event", "error", "metric_alert"):
        thing = dict_of(data.get(key))
        if thing:
            break
    thing = thing or payload
    title = (
        line_of(data.get("description_title")) or line_of(thing.get("title")) or line_of(thing.get("message"))
    )
    title = title or line_of(dict_of(payload.get("event")).get("title")) or "an issue"
    page = thing.get("web_url") or thing.get("permalink") or data.get("web_url") or thing.get("url")
    project = thing.get("project")
    name = line_of(dict_of(project).get("name")) or line_of(payload.get("project_name"))
    name = name or (line_of(project) if isinstance(project, str) else "")  # an event has its number
    rules = [line_of(each) for each in list_of(payload.get("triggering_rules"))[:MOST_ITEMS]]
    rule = line_of(data.get("triggered_rule")) or ", ".join(each for each in rules if each)
    assignee = line_of(dict_of(data.get("assignee")).get("name"))
    head = words(line_of(payload.get("action")).replace("_", " "), bold(link(title, page)))
    level = line_of(thing.get("level"))
    return Content(
        lines(
            [
                words(
                    f"{name}:" if name else "",
                    f"[{level}]" if level else "",
                    head,
                    f"to {assignee}" if assignee else "",
                ),
                code(thing.get("culprit")),
                text_of(data.get("description_text")),
                f"alert: {rule}" if rule else "",
            ]
        )
    )


def kuma(payload: Payload, _reader: Reader) -> Content:
    """Return the content of a notification by Uptime Kuma."""
    monitor, beat = dict_of(payload.get("monitor")), dict_of(payload.get("heartbeat"))
    status = beat.get("status")
    mark = {"0": "🔴", "1": "✅"}.get(str(status), "")
    name = link(monitor.get("name"), monitor.get("url"))
    said = text_of(payload.get("msg")) or text_of(beat.get("msg"))
    at = line_of(beat.get("localDateTime")) or line_of(beat.get("time"))
    return Content(lines([words(mark, bold(name), shortened(said, LONGEST_PART)), at]))


def jenkins(payload: Payload, _reader: Reader) -> Content:
    """Return the content of a notification by Jenkins' notification plugin."""
    build = dict_of(payload.get("build"))
    name = line_of(payload.get("display_name")) or line_of(payload.get("name")) or "a build"
    number = line_of(build.get("number"))
    page = build.get("full_url") or payload.get("url")
    status, phase = line_of(build.get("status")), line_of(build.get("phase")).lower()
    mark = {"SUCCESS": "✅", "FAILURE": "🔴", "ABORTED": "⚪", "UNSTABLE": "🟡"}.get(status, "")
    said = words(mark, bold(link(words(name, f"#{number}" if number else ""), page)), status or phase)
    scm = dict_of(build.get("scm"))
    by = ", ".join(filter(None, map(line_of, list_of(scm.get("culprits"))[:MOST_ITEMS])))
    at = words(code(scm.get("branch")), code(line_of(scm.get("commit"))[:7]), f"by {by}" if by else "")
    notes = shortened(text_of(build.get("notes")), LONGEST_PART)
    tests = _tests(dict_of(build.get("test_summary")))
    return Content(lines([said, at, notes, *tests, _end_of(build.get("log"))]))


def _tests(summary: Payload) -> list[str]:
    """Return how many tests failed, and which."""
    failed, total = summary.get("failed"), line_of(summary.get("total"))
    if not isinstance(failed, int) or failed <= 0:
        return []
    given = list_of(summary.get("failed_tests"))
    names = [f"- {code(each)}" for each in given[:MOST_ITEMS] if code(each)]
    return [
        f"{line_of(failed)} of {total} tests failed" if total else "tests failed",
        *with_rest(names, len(given)),
    ]


def _end_of(log: object) -> str:
    """Return the end of a log as a block of code."""
    text = text_of(log).replace("```", "~~~")
    return f"```\n{text[-LONGEST_PART:].lstrip()}\n```" if text else ""
