"""The mails with a link to reset a password, or to log in, in the languages of the page. Pure."""

from chat.mail.languages import Language, letter_in
from chat.mail.letter import Letter

_RESET: dict[str, Letter] = {
    "de": Letter(
        "Passwort zurücksetzen auf {server}",
        (
            "Hallo {name},",
            "jemand, vielleicht du, möchte das Passwort des Kontos {name} auf {server} zurücksetzen. Der Link gilt"
            " 30 Minuten und einmal.",
        ),
        ("Neues Passwort festlegen", "{link}"),
        "Wenn du es nicht warst, tu nichts: Das Passwort bleibt, wie es ist.",
    ),
    "en": Letter(
        "Reset your password on {server}",
        (
            "Hello {name},",
            "Somebody, perhaps you, asked to reset the password of the account {name} on {server}. The link works for"
            " 30 minutes, and once.",
        ),
        ("Set a new password", "{link}"),
        "If it was not you, do nothing: the password stays as it is.",
    ),
    "es": Letter(
        "Restablece tu contraseña en {server}",
        (
            "Hola, {name}:",
            "Alguien, quizá tú, pidió restablecer la contraseña de la cuenta {name} en {server}. El enlace vale durante"
            " 30 minutos y una sola vez.",
        ),
        ("Definir una nueva contraseña", "{link}"),
        "Si no fuiste tú, no hagas nada: la contraseña sigue como está.",
    ),
    "fr": Letter(
        "Réinitialisez votre mot de passe sur {server}",
        (
            "Bonjour {name},",
            "Quelqu\u2019un, peut-être vous, a demandé à réinitialiser le mot de passe du compte {name} sur {server}."
            " Le lien est valable 30 minutes, et une seule fois.",
        ),
        ("Définir un nouveau mot de passe", "{link}"),
        "Si ce n\u2019était pas vous, ne faites rien\u00a0: le mot de passe reste inchangé.",
    ),
    "pt": Letter(
        "Redefina sua senha em {server}",
        (
            "Olá, {name}!",
            "Alguém, talvez você, pediu para redefinir a senha da conta {name} em {server}. O link vale por 30 minutos"
            " e uma única vez.",
        ),
        ("Definir uma nova senha", "{link}"),
        "Se não foi você, não faça nada: a senha continua como está.",
    ),
    "ru": Letter(
        "Сброс пароля: {server}",
        (
            "Здравствуйте, {name}!",
            "Кто-то, возможно вы, просит сбросить пароль учётной записи {name} на {server}. Ссылка действует 30 минут и"
            " один раз.",
        ),
        ("Задать новый пароль", "{link}"),
        "Если это были не вы, ничего не делайте: пароль останется прежним.",
    ),
    "zh": Letter(
        "重置你在{server}的密码",
        (
            "{name}，你好！",
            "有人（可能是你）请求重置{server}上账号{name}的密码。链接30分钟内有效，只能使用一次。",
        ),
        ("设置新密码", "{link}"),
        "如果不是你本人操作，请忽略此邮件，密码不会改变。",
    ),
}

_LOGIN: dict[str, Letter] = {
    "de": Letter(
        "Anmelden bei {server}",
        (
            "Hallo {name},",
            "jemand, vielleicht du, möchte einen Link zum Anmelden mit dem Konto {name} auf {server}. Er gilt 30"
            " Minuten und einmal. Leite ihn an niemanden weiter.",
        ),
        ("Anmelden", "{link}"),
        "Wenn du es nicht warst, tu nichts: Ohne diese E-Mail meldet sich niemand an.",
    ),
    "en": Letter(
        "Log in to {server}",
        (
            "Hello {name},",
            "Somebody, perhaps you, asked for a link to log in to the account {name} on {server}. It works for 30"
            " minutes, and once. Forward it to nobody.",
        ),
        ("Log in", "{link}"),
        "If it was not you, do nothing: nobody logs in without this mail.",
    ),
    "es": Letter(
        "Inicia sesión en {server}",
        (
            "Hola, {name}:",
            "Alguien, quizá tú, pidió un enlace para iniciar sesión en la cuenta {name} en {server}. Vale durante"
            " 30 minutos y una sola vez. No se lo reenvíes a nadie.",
        ),
        ("Iniciar sesión", "{link}"),
        "Si no fuiste tú, no hagas nada: nadie inicia sesión sin este correo.",
    ),
    "fr": Letter(
        "Connectez-vous à {server}",
        (
            "Bonjour {name},",
            "Quelqu\u2019un, peut-être vous, a demandé un lien pour se connecter au compte {name} sur {server}. Il est"
            " valable 30 minutes, et une seule fois. Ne le transférez à personne.",
        ),
        ("Se connecter", "{link}"),
        "Si ce n\u2019était pas vous, ne faites rien\u00a0: personne ne se connecte sans cet e-mail.",
    ),
    "pt": Letter(
        "Entre em {server}",
        (
            "Olá, {name}!",
            "Alguém, talvez você, pediu um link para entrar na conta {name} em {server}. Ele vale por 30 minutos e uma"
            " única vez. Não o encaminhe a ninguém.",
        ),
        ("Entrar", "{link}"),
        "Se não foi você, não faça nada: ninguém entra sem este e-mail.",
    ),
    "ru": Letter(
        "Вход: {server}",
        (
            "Здравствуйте, {name}!",
            "Кто-то, возможно вы, просит ссылку для входа в учётную запись {name} на {server}. Она действует 30 минут и"
            " один раз. Никому её не пересылайте.",
        ),
        ("Войти", "{link}"),
        "Если это были не вы, ничего не делайте: без этого письма никто не войдёт.",
    ),
    "zh": Letter(
        "登录{server}",
        (
            "{name}，你好！",
            "有人（可能是你）请求登录{server}上账号{name}的链接。链接30分钟内有效，只能使用一次。请勿转发给任何人。",
        ),
        ("登录", "{link}"),
        "如果不是你本人操作，请忽略此邮件：没有此邮件，任何人都无法登录。",
    ),
}


def reset_letter(language: Language, name: str, server_name: str, link: str) -> Letter:
    """Return the letter for somebody called `name`."""
    return letter_in(language, _RESET, {"name": name, "server": server_name, "link": link})


def login_letter(language: Language, name: str, server_name: str, link: str) -> Letter:
    """Return the letter for somebody called `name`."""
    return letter_in(language, _LOGIN, {"name": name, "server": server_name, "link": link})
