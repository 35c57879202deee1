"""The mails with a link to reset a password, or to log in, in the languages of the page. Pure."""

from typing import Literal

from chat.mail.letter import Letter

Language = Literal["en", "ru"]


def reset_letter(language: Language, name: str, server_name: str, link: str) -> Letter:
    """Return the letter for somebody called `name`."""
    if language == "ru":
        return Letter(
            f"Сброс пароля: {server_name}",
            (
                f"Здравствуйте, {name}!",
                f"Кто-то, возможно вы, просит сбросить пароль учётной записи {name} на {server_name}. Ссылка действует"
                " 30 минут и один раз.",
            ),
            ("Задать новый пароль", link),
            "Если это были не вы, ничего не делайте: пароль останется прежним.",
        )
    return Letter(
        f"Reset your password on {server_name}",
        (
            f"Hello {name},",
            f"Somebody, perhaps you, asked to reset the password of the account {name} on {server_name}. The link works"
            " for 30 minutes, and once.",
        ),
        ("Set a new password", link),
        "If it was not you, do nothing: the password stays as it is.",
    )


def login_letter(language: Language, name: str, server_name: str, link: str) -> Letter:
    """Return the letter for somebody called `name`."""
    if language == "ru":
        return Letter(
            f"Вход: {server_name}",
            (
                f"Здравствуйте, {name}!",
                f"Кто-то, возможно вы, просит ссылку для входа в учётную запись {name} на {server_name}. Она действует"
                " 30 минут и один раз. Никому её не пересылайте.",
            ),
            ("Войти", link),
            "Если это были не вы, ничего не делайте: без этого письма никто не войдёт.",
        )
    return Letter(
        f"Log in to {server_name}",
        (
            f"Hello {name},",
            f"Somebody, perhaps you, asked for a link to log in to the account {name} on {server_name}. It works for"
            " 30 minutes, and once. Forward it to nobody.",
        ),
        ("Log in", link),
        "If it was not you, do nothing: nobody logs in without this mail.",
    )
