// How a support conversation was led, in English and Russian.

export const en = {
  "support.claimed": "{name} claimed the conversation",
  "support.handed": "{name} assigned the conversation to {to}",
  "support.returned": "{name} returned the conversation to the queue",
  "support.closed": "{name} closed the conversation",
  "support.idle": "Closed automatically after a period of inactivity",
  "support.reopened": "{name} reopened the conversation",
  "support.someone": "Somebody",
};

/** @type {import("../../i18n/index.js").Strings} */
export const ru = {
  "support.claimed": "{name} теперь отвечает в этой беседе",
  "support.handed": "{name} передаёт беседу: {to}",
  "support.returned": "{name} возвращает беседу в очередь",
  "support.closed": "{name} закрывает беседу",
  "support.idle": "Закрыто автоматически: долго не было сообщений",
  "support.reopened": "{name} снова открывает беседу",
  "support.someone": "Кто-то",
};
