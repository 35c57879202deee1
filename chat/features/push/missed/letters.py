"""The mail about messages that somebody missed in a room, in the languages of the page. Pure."""

from collections.abc import Sequence

import msgspec
from msgspec import structs

from chat.features.push.missed.port import MOST_SHOWN, MissedMessage, MissedRoom
from chat.mail.languages import letter_in
from chat.mail.letter import Letter, Mail, html_of, subject_of, text_of

_MOST_TEXT = 1000
"""Characters of a message in a mail."""

_MISSED: dict[str, Letter] = {
    "de": Letter(
        "Ungelesene Nachrichten: {place} ({server})",
        ("Du hast {count} auf {server} verpasst: {place}.",),
        ("Unterhaltung öffnen", "{link}"),
        "Die nächste E-Mail über diesen Raum kommt, nachdem du dort warst. Diese E-Mails ändern oder abstellen:"
        " {settings}",
    ),
    "en": Letter(
        "Unread messages: {place} ({server})",
        ("You missed {count} on {server}: {place}.",),
        ("Open the conversation", "{link}"),
        "The next mail about this room comes after you have been there. To change or end these mails: {settings}",
    ),
    "es": Letter(
        "Mensajes no leídos: {place} ({server})",
        ("Te perdiste {count} en {server}: {place}.",),
        ("Abrir la conversación", "{link}"),
        "El próximo correo sobre esta sala llega después de que la hayas visitado. Para cambiar o desactivar estos"
        " correos: {settings}",
    ),
    "fr": Letter(
        "Messages non lus\u00a0: {place} ({server})",
        ("Vous avez manqué {count} sur {server}\u00a0: {place}.",),
        ("Ouvrir la conversation", "{link}"),
        "Le prochain e-mail sur ce salon arrivera après votre passage. Pour modifier ou arrêter ces e-mails\u00a0:"
        " {settings}",
    ),
    "pt": Letter(
        "Mensagens não lidas: {place} ({server})",
        ("Você perdeu {count} em {server}: {place}.",),
        ("Abrir a conversa", "{link}"),
        "O próximo e-mail sobre esta sala chega depois que você passar por lá. Para alterar ou desativar estes"
        " e-mails: {settings}",
    ),
    "ru": Letter(
        "Непрочитанные сообщения: {place} ({server})",
        ("Вы пропустили сообщения ({count}) на {server}: {place}.",),
        ("Открыть разговор", "{link}"),
        "Следующее письмо об этой комнате придёт после того, как вы в неё зайдёте. Изменить или отключить письма:"
        " {settings}",
    ),
    "zh": Letter(
        "未读消息：{place}（{server}）",
        ("你在{server}上错过了{count}：{place}。",),
        ("打开对话", "{link}"),
        "在你打开此房间之后，才会发送关于它的下一封邮件。更改或关闭此类邮件：{settings}",
    ),
}


class _Words(msgspec.Struct, frozen=True):
    """One message, many of them, and how many more there are than are shown."""

    one: str
    many: str
    more: str


_WORDS = {
    "de": _Words("eine Nachricht", "{} Nachrichten", "Und {} weitere."),
    "en": _Words("a message", "{} messages", "And {} more."),
    "es": _Words("un mensaje", "{} mensajes", "Y {} más."),
    "fr": _Words("un message", "{} messages", "Et {} de plus."),
    "pt": _Words("uma mensagem", "{} mensagens", "E mais {}."),
    "ru": _Words("1", "{}", "Ещё сообщений: {}."),
    "zh": _Words("1条消息", "{}条消息", "还有{}条。"),
}


def missed_mail(
    room: MissedRoom, sent: Sequence[MissedMessage], server_name: str, public_url: str, *, has_text: bool
) -> Mail:
    """Return the mail about these messages, the oldest first, which is in a thread with earlier ones of the room."""
    receiver = room.receiver
    assert receiver is not None
    letter = _letter(room, sent, server_name, public_url, receiver.language, has_text=has_text)
    unsubscribe = f"{public_url}/api/v1/mail/unsubscribe/{receiver.unsubscribe}"
    headers = [
        ("List-Unsubscribe", f"<{unsubscribe}>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
    ]
    if room.root_id is not None:
        headers += [("In-Reply-To", room.root_id), ("References", room.root_id)]
    return Mail(
        to=receiver.email,
        message_id=room.mail_id,
        subject=subject_of(letter),
        text=text_of(letter),
        html=html_of(letter),
        headers=tuple(headers),
    )


def _letter(
    room: MissedRoom,
    sent: Sequence[MissedMessage],
    server_name: str,
    public_url: str,
    language: str,
    *,
    has_text: bool,
) -> Letter:
    place = room.room_name or sent[0].sender
    lines = [f"{each.sender}: {_shortened(each.text)}" for each in sent] if has_text else _senders(sent)
    more = len(lines) - MOST_SHOWN
    lines = lines[:MOST_SHOWN]
    link = f"{public_url}/room/{room.room_id}/{sent[0].seq}"
    settings = f"{public_url}/settings/notifications"
    words = _WORDS.get(language, _WORDS["en"])
    if more > 0:
        lines.append(words.more.format(more))
    count = words.one if len(sent) == 1 else words.many.format(len(sent))
    fields = {"place": place, "server": server_name, "count": count, "link": link, "settings": settings}
    letter = letter_in(language, _MISSED, fields)
    return structs.replace(letter, paragraphs=(*letter.paragraphs, *lines))


def _senders(sent: Sequence[MissedMessage]) -> list[str]:
    return list(dict.fromkeys(each.sender for each in sent))


def _shortened(text: str) -> str:
    return text if len(text) <= _MOST_TEXT else f"{text[:_MOST_TEXT]}…"
