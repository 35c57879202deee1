"""A conversation as a mail, in the languages of the page. Pure."""

from collections.abc import Sequence
from datetime import datetime
from html import escape
from zoneinfo import ZoneInfo

import msgspec

from chat.features.transcripts.port import Said

_MOST_TEXT = 100_000
"""Characters of a transcript; older messages are left out."""


class _Words(msgspec.Struct, frozen=True):
    subject: str
    about: str
    older: str
    visitor: str
    footer: str


_WORDS = {
    "de": _Words(
        "Deine Unterhaltung mit {server}",
        "Deine Unterhaltung mit {server}. Die Zeiten sind in der Zeitzone {zone}.",
        "Ältere Nachrichten sind ausgelassen.",
        "Besucher",
        "Diese E-Mail wurde in der Unterhaltung angefordert. Wenn du nichts davon weißt, ignoriere sie.",
    ),
    "en": _Words(
        "Your conversation with {server}",
        "Your conversation with {server}. Times are in the time zone {zone}.",
        "Older messages are left out.",
        "Visitor",
        "Somebody asked for this mail in the conversation. If you know nothing of it, ignore it.",
    ),
    "es": _Words(
        "Tu conversación con {server}",
        "Tu conversación con {server}. Las horas son de la zona horaria {zone}.",
        "Se han omitido los mensajes más antiguos.",
        "Visitante",
        "Este correo se pidió en la conversación. Si no sabes nada de ello, ignóralo.",
    ),
    "fr": _Words(
        "Votre conversation avec {server}",
        "Votre conversation avec {server}. Les heures sont dans le fuseau horaire {zone}.",
        "Les messages plus anciens sont omis.",
        "Visiteur",
        "Cet e-mail a été demandé dans la conversation. Si vous n’en savez rien, ignorez-le.",
    ),
    "pt": _Words(
        "Sua conversa com {server}",
        "Sua conversa com {server}. Os horários são do fuso horário {zone}.",
        "As mensagens mais antigas foram omitidas.",
        "Visitante",
        "Este e-mail foi pedido na conversa. Se você não sabe nada dele, ignore-o.",
    ),
    "ru": _Words(
        "Ваш разговор с {server}",
        "Ваш разговор с {server}. Время указано по часовому поясу {zone}.",
        "Более ранние сообщения опущены.",
        "Посетитель",
        "Это письмо запросили в разговоре. Если вы ничего о нём не знаете, не обращайте внимания.",
    ),
    "zh": _Words(
        "你与{server}的对话",
        "你与{server}的对话。时间使用{zone}时区。",
        "更早的消息已省略。",
        "访客",
        "有人在对话中请求发送此邮件。如果你不知情，请忽略。",
    ),
}


class Transcript(msgspec.Struct, frozen=True):
    """The subject, and the content as plain text and as HTML."""

    subject: str
    text: str
    html: str


def transcript_of(said: Sequence[Said], server_name: str, language: str, zone: ZoneInfo) -> Transcript:
    """Return a conversation, with the newest messages that `_MOST_TEXT` has room for. All texts are escaped. Sync."""
    words = _WORDS.get(language, _WORDS["en"])
    shown, left = list[Said](), _MOST_TEXT
    for each in reversed(said):
        left -= len(each.text) + 100
        if left < 0:
            break
        shown.insert(0, each)
    about = [words.about.format(server=server_name, zone=zone.key)]
    about += [words.older] if len(shown) < len(said) else []
    heads = [f"{each.name or words.visitor}, {_time(each.at, zone)}" for each in shown]
    bodies = [
        "\n".join([*([each.text] if each.text else []), *(f"[{name}]" for name in each.files)])
        for each in shown
    ]
    parts = [" ".join(about), *(f"{head}\n{body}" for head, body in zip(heads, bodies, strict=True))]
    text = "\n\n".join([*map(_clean, parts), f"-- \n{words.footer}"]) + "\n"
    rows = "\n".join(
        f"<p><b>{_html(head)}</b><br>{_html(body)}</p>" for head, body in zip(heads, bodies, strict=True)
    )
    html = (
        '<!DOCTYPE html>\n<html><body style="font-family:sans-serif;max-width:36em">\n'
        f"<p>{_html(parts[0])}</p>\n{rows}\n"
        f'<p style="color:#666;font-size:small">{escape(words.footer)}</p>\n</body></html>\n'
    )
    return Transcript(_clean(words.subject.format(server=server_name)).replace("\n", " "), text, html)


def _time(at: float, zone: ZoneInfo) -> str:
    return f"{datetime.fromtimestamp(at, zone):%Y-%m-%d %H:%M}"


def _html(text: str) -> str:
    return escape(_clean(text)).replace("\n", "<br>")


def _clean(text: str) -> str:
    """Return a text without control characters but line feeds, and without lone surrogates."""
    clean = "".join(
        letter if letter == "\n" or (letter >= " " and letter != "\x7f") else " " for letter in text
    )
    return clean.encode("utf-8", "replace").decode()
