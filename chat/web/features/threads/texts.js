// Threads in English and Russian.

export const en = {
  "threads.title": "Thread",
  "threads.reply": "Reply in thread",
  "threads.view": "View thread",
  "threads.replies": { one: "{n} reply", other: "{n} replies" },
  "threads.last": "Last reply {time}",
  "threads.unread": "New replies",
  "threads.none": "No replies yet.",
  "threads.follow": "Follow",
  "threads.following": "Following",
  "threads.followWhy": "Get notified about new replies",
  "threads.unfollowWhy": "Stop getting notified about new replies",
  "threads.earlier": "Show earlier replies",
  "threads.later": "Show later replies",
  "threads.placeholder": "Reply…",
  "threads.label": "Reply in this thread",
  "threads.send": "Send reply",
  "threads.open": "Show in the conversation",
  "threads.removed": "The first message is no longer kept.",
};

/** @type {import("../../i18n/index.js").Strings} */
export const ru = {
  "threads.title": "Ветка",
  "threads.reply": "Ответить в ветке",
  "threads.view": "Открыть ветку",
  "threads.replies": { one: "{n} ответ", few: "{n} ответа", many: "{n} ответов", other: "{n} ответа" },
  "threads.last": "Последний ответ {time}",
  "threads.unread": "Новые ответы",
  "threads.none": "Ответов пока нет.",
  "threads.follow": "Подписаться",
  "threads.following": "Вы подписаны",
  "threads.followWhy": "Получать уведомления о новых ответах",
  "threads.unfollowWhy": "Не получать уведомления о новых ответах",
  "threads.earlier": "Показать предыдущие ответы",
  "threads.later": "Показать следующие ответы",
  "threads.placeholder": "Ответить…",
  "threads.label": "Ответ в этой ветке",
  "threads.send": "Отправить ответ",
  "threads.open": "Показать в беседе",
  "threads.removed": "Первое сообщение больше не хранится.",
};
