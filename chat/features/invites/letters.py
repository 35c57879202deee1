"""The mail with an invitation to register, in the languages of the page. Pure."""

from chat.mail.languages import Language, letter_in
from chat.mail.letter import Letter

_INVITATION: dict[str, Letter] = {
    "de": Letter(
        "Einladung zu {server}",
        (
            "Hallo,",
            "{inviter} lädt dich zu {server} ein. Mit dem Link kann sich eine Person registrieren. Er gilt {lasts}.",
        ),
        ("Einladung annehmen", "{link}"),
        "Wenn du nicht weißt, von wem das ist, tu nichts.",
    ),
    "en": Letter(
        "Invitation to {server}",
        (
            "Hello,",
            "{inviter} invites you to {server}. One person can register with the link. It works for {lasts}.",
        ),
        ("Accept the invitation", "{link}"),
        "If you do not know who this is from, do nothing.",
    ),
    "es": Letter(
        "Invitación a {server}",
        (
            "Hola:",
            "{inviter} te invita a {server}. Una persona puede registrarse con el enlace. Vale durante {lasts}.",
        ),
        ("Aceptar la invitación", "{link}"),
        "Si no sabes de quién es, no hagas nada.",
    ),
    "fr": Letter(
        "Invitation à {server}",
        (
            "Bonjour,",
            "{inviter} vous invite à rejoindre {server}. Une personne peut s\u2019inscrire avec le lien. Il est valable"
            " {lasts}.",
        ),
        ("Accepter l\u2019invitation", "{link}"),
        "Si vous ne savez pas de qui vient cet e-mail, ne faites rien.",
    ),
    "pt": Letter(
        "Convite para {server}",
        (
            "Olá!",
            "{inviter} convida você para {server}. Uma pessoa pode se cadastrar com o link. Ele vale por {lasts}.",
        ),
        ("Aceitar o convite", "{link}"),
        "Se você não sabe de quem é este e-mail, não faça nada.",
    ),
    "ru": Letter(
        "Приглашение на {server}",
        (
            "Здравствуйте!",
            "{inviter} приглашает вас на {server}. По ссылке может зарегистрироваться один человек. Она действует дней:"
            " {lasts}.",
        ),
        ("Принять приглашение", "{link}"),
        "Если вы не знаете, от кого это письмо, ничего не делайте.",
    ),
    "zh": Letter(
        "{server}的邀请",
        ("你好！", "{inviter}邀请你加入{server}。链接可供一人注册，{lasts}内有效。"),
        ("接受邀请", "{link}"),
        "如果你不知道这是谁发的，请忽略此邮件。",
    ),
}

_LASTS: dict[str, tuple[str, str]] = {
    "de": ("einen Tag", "{} Tage"),
    "en": ("a day", "{} days"),
    "es": ("un día", "{} días"),
    "fr": ("un jour", "{} jours"),
    "pt": ("um dia", "{} dias"),
    "ru": ("1", "{}"),
    "zh": ("1天", "{}天"),
}
"""For how long the link works: for one day, and for more."""


def invitation_letter(
    language: Language, inviter: str, server_name: str, days: int, link: str = ""
) -> Letter:
    """Return the letter, for a link that works for that many days."""
    one, more = _LASTS[language]
    lasts = one if days == 1 else more.format(days)
    fields = {"inviter": inviter, "server": server_name, "lasts": lasts, "link": link}
    return letter_in(language, _INVITATION, fields)
