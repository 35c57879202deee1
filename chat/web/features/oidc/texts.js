// Logging in by an identity provider, in English and Russian.

export const en = {
  "oidc.title": "Linked account",
  "oidc.text": "Log in here with {provider}, without a password.",
  "oidc.link": "Link {provider}",
  "oidc.linked": "Your account has been linked with {provider} since {time}.",
  "oidc.unlink": "Unlink",
  "oidc.unlink_title": "Unlink {provider}?",
  "oidc.unlink_text": "You then log in with your password. Sessions that began with {provider} end, this one too if it did.",
  "oidc.only_way": "This is your only way to log in: to unlink it, set a password first, by a reset link.",
  "oidc.leaving": "Going to the identity provider…",
  "oidc.arriving": "Logging in…",
  "oidc.failed": "You are not logged in",
  "oidc.link_failed": "Your account is not linked",
  "oidc.denied": "You cancelled, or the identity provider refused.",
  "oidc.provider_error": "The identity provider reports an error: {error}",
  "oidc.again": "Try again",
};

/** @type {import("../../i18n/index.js").Strings} */
export const ru = {
  "oidc.title": "Связанная учётная запись",
  "oidc.text": "Входите сюда через {provider}, без пароля.",
  "oidc.link": "Связать с {provider}",
  "oidc.linked": "Ваша учётная запись связана с {provider} с {time}.",
  "oidc.unlink": "Отвязать",
  "oidc.unlink_title": "Отвязать {provider}?",
  "oidc.unlink_text": "Дальше вы входите по паролю. Сеансы, начатые через {provider}, завершатся, и этот, если он такой.",
  "oidc.only_way": "Это ваш единственный способ войти: чтобы отвязать его, сначала задайте пароль по ссылке для сброса.",
  "oidc.leaving": "Переход к поставщику входа…",
  "oidc.arriving": "Вход…",
  "oidc.failed": "Вход не выполнен",
  "oidc.link_failed": "Учётная запись не связана",
  "oidc.denied": "Вы отменили вход, или поставщик отказал.",
  "oidc.provider_error": "Поставщик входа сообщает об ошибке: {error}",
  "oidc.again": "Повторить",
};
