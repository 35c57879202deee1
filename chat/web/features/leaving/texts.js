// Deleting one's own account, in English and Russian.

export const en = {
  "leaving.title": "Delete account",
  "leaving.text": "You are logged out everywhere and can't log in again. Your email address is deleted. This can't be undone.",
  "leaving.how": "What happens to your messages",
  "leaving.leave": "Keep my messages and my name",
  "leaving.leave_hint": "Your messages stay under your name. Nobody else can take the name.",
  "leaving.leave_do": "Delete account",
  "leaving.anonymise": "Keep my messages, remove my name",
  "leaving.anonymise_hint": "Your messages stay under a name like “deleted-7”. What others wrote stays as it is, also where it mentions you.",
  "leaving.anonymise_do": "Delete account and name",
  "leaving.erase": "Delete my messages",
  "leaving.erase_hint": "Your messages with their earlier versions and files, your reactions and your support conversation are deleted, and your name is removed. Replies to you show a gap. Many messages take some minutes.",
  "leaving.erase_do": "Delete account and messages",
  "leaving.ask": "Delete your account permanently?",
  "leaving.do": "Delete account",
  "leaving.password": "Your password",
};

/** @type {import("../../i18n/index.js").Strings} */
export const ru = {
  "leaving.title": "Удалить учётную запись",
  "leaving.text": "Вы выйдете на всех устройствах и больше не сможете войти. Адрес почты будет удалён. Отменить это нельзя.",
  "leaving.how": "Что будет с вашими сообщениями",
  "leaving.leave": "Оставить сообщения и имя",
  "leaving.leave_hint": "Сообщения останутся под вашим именем. Никто другой не сможет его занять.",
  "leaving.leave_do": "Удалить учётную запись",
  "leaving.anonymise": "Оставить сообщения, убрать имя",
  "leaving.anonymise_hint": "Сообщения останутся под именем вида «deleted-7». То, что писали другие, не изменится, даже если там упомянуты вы.",
  "leaving.anonymise_do": "Удалить учётную запись и имя",
  "leaving.erase": "Удалить сообщения",
  "leaving.erase_hint": "Ваши сообщения с прежними версиями и файлами, реакции и обращение в поддержку будут удалены, имя убрано. На месте сообщений, на которые вам отвечали, будет пропуск. Если сообщений много, это займёт несколько минут.",
  "leaving.erase_do": "Удалить учётную запись и сообщения",
  "leaving.ask": "Удалить вашу учётную запись навсегда?",
  "leaving.do": "Удалить учётную запись",
  "leaving.password": "Ваш пароль",
};
