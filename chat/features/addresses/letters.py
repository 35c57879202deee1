"""The mail with a link to confirm an address, in the languages of the page. Pure."""

from typing import Literal

from chat.mail.letter import Letter

Language = Literal["en", "ru"]


def confirm_letter(language: Language, name: str, server_name: str, link: str) -> Letter:
    """Return the letter for somebody called `name`."""
    if language == "ru":
        return Letter(
            f"Подтвердите адрес: {server_name}",
            (
                f"Здравствуйте, {name}!",
                f"Этот адрес указан в учётной записи на {server_name}. Подтвердите его, чтобы получать письма о"
                " пропущенных сообщениях. Ссылка действует сутки.",
            ),
            ("Подтвердить адрес", link),
            "Если это не ваша учётная запись, ничего не делайте: писем больше не будет.",
        )
    return Letter(
        f"Confirm your address on {server_name}",
        (
            f"Hello {name},",
            f"An account on {server_name} has this address. Confirm it to get mail about messages that you missed. The"
            " link works for a day.",
        ),
        ("Confirm address", link),
        "If this is not your account, do nothing: no more mail comes.",
    )
