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


_IMPORTED: dict[str, Letter] = {
    "de": Letter(
        "Dein Konto auf {server}",
        (
            "Hallo {name},",
            "{inviter} hat euren bisherigen Chat zu {server} umgezogen. Deine Nachrichten sind dort, unter dem Konto"
            " {name}. Mit dem Link legst du das Passwort fest. Er gilt 7 Tage und einmal.",
        ),
        ("Passwort festlegen", "{link}"),
        "Später bekommst du auf der Anmeldeseite einen neuen Link für diese Adresse. Kennst du den Chat nicht, tu"
        " nichts.",
    ),
    "en": Letter(
        "Your account on {server}",
        (
            "Hello {name},",
            "{inviter} moved your earlier chat to {server}. Your messages are there, under the account {name}. With the"
            " link you set its password. It works for 7 days, and once.",
        ),
        ("Set a password", "{link}"),
        "Later you get a new link for this address on the log-in page. If you do not know that chat, do nothing.",
    ),
    "es": Letter(
        "Tu cuenta en {server}",
        (
            "Hola, {name}:",
            "{inviter} trasladó vuestro chat anterior a {server}. Tus mensajes están allí, en la cuenta {name}. Con el"
            " enlace defines su contraseña. Vale durante 7 días y una sola vez.",
        ),
        ("Definir una contraseña", "{link}"),
        "Después puedes pedir otro enlace para esta dirección al iniciar sesión. Si no conoces ese chat, no hagas"
        " nada.",
    ),
    "fr": Letter(
        "Votre compte sur {server}",
        (
            "Bonjour {name},",
            "{inviter} a déplacé votre ancien chat vers {server}. Vos messages y sont, sous le compte {name}. Avec le"
            " lien, vous en définissez le mot de passe. Il est valable 7 jours, et une seule fois.",
        ),
        ("Définir un mot de passe", "{link}"),
        "Plus tard, la page de connexion envoie un nouveau lien à cette adresse. Si vous ne connaissez pas ce chat, ne"
        " faites rien.",
    ),
    "pt": Letter(
        "Sua conta em {server}",
        (
            "Olá, {name}!",
            "{inviter} mudou o chat anterior de vocês para {server}. Suas mensagens estão lá, na conta {name}. Com o"
            " link você define a senha. Ele vale por 7 dias e uma única vez.",
        ),
        ("Definir uma senha", "{link}"),
        "Depois você pode pedir outro link para este endereço na página de entrada. Se não conhece esse chat, não faça"
        " nada.",
    ),
    "ru": Letter(
        "Ваша учётная запись: {server}",
        (
            "Здравствуйте, {name}!",
            "Ваш прежний чат переехал на {server} ({inviter}). Ваши сообщения там, под учётной записью {name}."
            " По ссылке вы зададите пароль. Она действует 7 дней и один раз.",
        ),
        ("Задать пароль", "{link}"),
        "Позже новую ссылку на этот адрес можно запросить на странице входа. Если вы не знаете этот чат, ничего не"
        " делайте.",
    ),
    "zh": Letter(
        "你在{server}的账号",
        (
            "{name}，你好！",
            "{inviter}已将你们原来的聊天迁移到{server}。你的消息在那里，账号是{name}。请通过链接设置密码。链接7天内有效，只能使用一次。",
        ),
        ("设置密码", "{link}"),
        "之后可在登录页面为此邮箱获取新链接。如果你不了解该聊天，请忽略此邮件。",
    ),
}


def imported_letter(language: Language, inviter: str, name: str, server_name: str, link: str) -> Letter:
    """Return the letter for somebody called `name`, whom an import brought."""
    fields = {"inviter": inviter, "name": name, "server": server_name, "link": link}
    return letter_in(language, _IMPORTED, fields)


def reset_letter(language: Language, name: str, server_name: str, link: str) -> Letter:
    """Return the letter for somebody called `name`."""
    return letter_in(language, _RESET, {"name": name, "server": server_name, "link": link})


def login_letter(language: Language, name: str, server_name: str, link: str) -> Letter:
    """Return the letter for somebody called `name`."""
    return letter_in(language, _LOGIN, {"name": name, "server": server_name, "link": link})
