// Logging in by an identity provider, in English and Russian.

export const en = {
  "oidc.title": "Linked account",
  "oidc.text": "Use {provider} to log in without a password.",
  "oidc.link": "Link {provider}",
  "oidc.linked": "Your account has been linked with {provider} since {time}.",
  "oidc.unlink": "Unlink",
  "oidc.unlink_title": "Unlink {provider}?",
  "oidc.unlink_text": "You'll log in with your password. All sessions started with {provider} will end, possibly this one too.",
  "oidc.only_way": "This is your only way to log in: to unlink it, set a password first, by a reset link.",
  "oidc.leaving": "Redirecting to the identity provider…",
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
  "oidc.unlink_text": "Вы будете входить по паролю. Сеансы, начатые через {provider}, завершатся, возможно, и текущий.",
  "oidc.only_way": "Это ваш единственный способ войти: чтобы отвязать его, сначала задайте пароль по ссылке для сброса.",
  "oidc.leaving": "Переход к поставщику удостоверений…",
  "oidc.arriving": "Вход…",
  "oidc.failed": "Вход не выполнен",
  "oidc.link_failed": "Учётная запись не связана",
  "oidc.denied": "Вы отменили вход, или поставщик отказал.",
  "oidc.provider_error": "Поставщик удостоверений сообщает об ошибке: {error}",
  "oidc.again": "Повторить",
};
