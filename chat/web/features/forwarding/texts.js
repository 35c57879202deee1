// Forwarding in English and Russian.

export const en = {
  "forwarding.forward": "Forward",
  "forwarding.title": "Forward message",
  "forwarding.text": "Add a message (optional)",
  "forwarding.filter": "Find a room or person",
  "forwarding.none": "Nothing matches “{filter}”.",
  "forwarding.done": "Forwarded to {name}",
};

/** @type {import("../../i18n/index.js").Strings} */
export const ru = {
  "forwarding.forward": "Переслать",
  "forwarding.title": "Переслать сообщение",
  "forwarding.text": "Добавить сообщение (необязательно)",
  "forwarding.filter": "Найти комнату или человека",
  "forwarding.none": "Ничего не найдено: «{filter}».",
  "forwarding.done": "Переслано: {name}",
};
