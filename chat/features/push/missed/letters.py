"""The mail about messages that somebody missed in a room, in the languages of the page. Pure."""

from collections.abc import Sequence

from chat.features.push.missed.port import MOST_SHOWN, MissedMessage, MissedRoom
from chat.mail.letter import Letter, Mail, html_of, subject_of, text_of

_MOST_TEXT = 1000
"""Characters of a message in a mail."""


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
    if language == "ru":
        if more > 0:
            lines.append(f"Ещё сообщений: {more}.")
        return Letter(
            f"Непрочитанные сообщения: {place} ({server_name})",
            (f"Вы пропустили сообщения ({len(sent)}) на {server_name}: {place}.", *lines),
            ("Открыть разговор", link),
            "Следующее письмо об этой комнате придёт после того, как вы в неё зайдёте. Изменить или отключить письма:"
            f" {settings}",
        )
    if more > 0:
        lines.append(f"And {more} more.")
    count = "a message" if len(sent) == 1 else f"{len(sent)} messages"
    return Letter(
        f"Unread messages: {place} ({server_name})",
        (f"You missed {count} on {server_name}: {place}.", *lines),
        ("Open the conversation", link),
        f"The next mail about this room comes after you have been there. To change or end these mails: {settings}",
    )


def _senders(sent: Sequence[MissedMessage]) -> list[str]:
    return list(dict.fromkeys(each.sender for each in sent))


def _shortened(text: str) -> str:
    return text if len(text) <= _MOST_TEXT else f"{text[:_MOST_TEXT]}…"
