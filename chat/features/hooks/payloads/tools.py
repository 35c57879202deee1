"""Tools with a form of their own: Sentry, Uptime Kuma, and Jenkins' notification plugin. Sync and pure.

Sources: https://docs.sentry.io/organization/integrations/integration-platform/webhooks/,
https://github.com/louislam/uptime-kuma/wiki/Notification-Methods, https://plugins.jenkins.io/notification/
"""

from chat.features.hooks.payloads.values import (
    LONGEST_PART,
    Content,
    Payload,
    Reader,
    bold,
    code,
    dict_of,
    line_of,
    lines,
    link,
    shortened,
    text_of,
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
    name = line_of(dict_of(project).get("name")) or line_of(payload.get("project_name")) or line_of(project)
    rule = line_of(data.get("triggered_rule")) or line_of(payload.get("triggering_rules"))
    head = words(line_of(payload.get("action")).replace("_", " "), bold(link(title, page)))
    level = line_of(thing.get("level"))
    return Content(
        lines(
            [
                words(f"{name}:" if name else "", f"[{level}]" if level else "", head),
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
    at = words(code(scm.get("branch")), code(line_of(scm.get("commit"))[:7]))
    return Content(lines([said, at]))
