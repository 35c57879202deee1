"""The mail with a link to confirm an address, in the languages of the page. Pure."""

from chat.mail.languages import Language, letter_in
from chat.mail.letter import Letter

_CONFIRM: dict[str, Letter] = {
    "de": Letter(
        "Bestätige deine Adresse auf {server}",
        (
            "Hallo {name},",
            "ein Konto auf {server} hat diese Adresse. Bestätige sie, um E-Mails über verpasste Nachrichten zu"
            " bekommen. Der Link gilt einen Tag.",
        ),
        ("Adresse bestätigen", "{link}"),
        "Wenn das nicht dein Konto ist, tu nichts: Es kommt keine weitere E-Mail.",
    ),
    "en": Letter(
        "Confirm your address on {server}",
        (
            "Hello {name},",
            "An account on {server} has this address. Confirm it to get mail about messages that you missed. The link"
            " works for a day.",
        ),
        ("Confirm address", "{link}"),
        "If this is not your account, do nothing: no more mail comes.",
    ),
    "es": Letter(
        "Confirma tu dirección en {server}",
        (
            "Hola, {name}:",
            "Una cuenta en {server} tiene esta dirección. Confírmala para recibir correos sobre los mensajes que te"
            " perdiste. El enlace vale durante un día.",
        ),
        ("Confirmar dirección", "{link}"),
        "Si esta cuenta no es tuya, no hagas nada: no llegarán más correos.",
    ),
    "fr": Letter(
        "Confirmez votre adresse sur {server}",
        (
            "Bonjour {name},",
            "Un compte sur {server} a cette adresse. Confirmez-la pour recevoir des e-mails sur les messages manqués."
            " Le lien est valable un jour.",
        ),
        ("Confirmer l\u2019adresse", "{link}"),
        "Si ce n\u2019est pas votre compte, ne faites rien\u00a0: vous ne recevrez plus d\u2019e-mail.",
    ),
    "pt": Letter(
        "Confirme seu endereço em {server}",
        (
            "Olá, {name}!",
            "Uma conta em {server} tem este endereço. Confirme-o para receber e-mails sobre mensagens que você perdeu."
            " O link vale por um dia.",
        ),
        ("Confirmar endereço", "{link}"),
        "Se esta conta não é sua, não faça nada: não chegarão mais e-mails.",
    ),
    "ru": Letter(
        "Подтвердите адрес: {server}",
        (
            "Здравствуйте, {name}!",
            "Этот адрес указан в учётной записи на {server}. Подтвердите его, чтобы получать письма о пропущенных"
            " сообщениях. Ссылка действует сутки.",
        ),
        ("Подтвердить адрес", "{link}"),
        "Если это не ваша учётная запись, ничего не делайте: писем больше не будет.",
    ),
    "zh": Letter(
        "确认你在{server}的邮箱",
        (
            "{name}，你好！",
            "{server}上有一个账号使用此邮箱。确认后，你会收到错过消息的邮件提醒。链接一天内有效。",
        ),
        ("确认邮箱", "{link}"),
        "如果这不是你的账号，请忽略此邮件，之后不会再收到邮件。",
    ),
}


def confirm_letter(language: Language, name: str, server_name: str, link: str) -> Letter:
    """Return the letter for somebody called `name`."""
    return letter_in(language, _CONFIRM, {"name": name, "server": server_name, "link": link})
