"""The webhooks of Prometheus' Alertmanager, and of Grafana, whose alerts have the same form and a title.

Sources: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config,
https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/
"""

from chat.features.hooks.payloads.values import (
    LONGEST_PART,
    MOST_ITEMS,
    Content,
    Payload,
    Reader,
    bold,
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

_NOT_SHOWN = ("alertname", "__alert_rule_uid__", "grafana_folder")
_MARKS = {"firing": "🔥", "resolved": "✅"}


def read(payload: Payload, _reader: Reader) -> Content:
    """Return the content of a group of alerts."""
    given = [dict_of(each) for each in list_of(payload.get("alerts"))]
    labels = dict_of(payload.get("commonLabels"))
    firing = sum(each.get("status") == "firing" for each in given)
    status = line_of(payload.get("status")) or ("firing" if firing else "resolved")
    count = f":{firing}" if status == "firing" and firing else ""
    name = line_of(labels.get("alertname")) or line_of(dict_of(payload.get("groupLabels")).get("alertname"))
    title = line_of(payload.get("title")) or words(f"[{status.upper()}{count}]", name or "alerts")
    alerts = [_alert(each) for each in given[:MOST_ITEMS]]
    cut = payload.get("truncatedAlerts")
    more = len(given) + (cut if isinstance(cut, int) and not isinstance(cut, bool) and cut > 0 else 0)
    head = words(_MARKS.get(status, ""), bold(link(title, payload.get("externalURL"))))
    return Content(lines([head, *with_rest(alerts, more)]))


def _alert(alert: Payload) -> str:
    labels, notes = dict_of(alert.get("labels")), dict_of(alert.get("annotations"))
    said = text_of(notes.get("summary")) or text_of(notes.get("description")) or text_of(notes.get("message"))
    of = ", ".join(
        f"{line_of(key, 60)}={line_of(value, 100)}"
        for key, value in [*labels.items()][:20]
        if key not in _NOT_SHOWN
    )
    places = [
        link(name, alert.get(key))
        for name, key in (("source", "generatorURL"), ("panel", "panelURL"), ("silence", "silenceURL"))
        if alert.get(key)
    ]
    name = line_of(labels.get("alertname"))
    return words(
        f"- {_MARKS.get(line_of(alert.get('status')), '·')}",
        shortened(said, LONGEST_PART // 3) or name or "alert",
        f"({of})" if of else "",
        " · ".join(places),
    )
