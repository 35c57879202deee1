// Forwarding in English and Russian.

export const en = {
  "forwarding.forward": "Forward",
  "forwarding.title": "Forward message",
  "forwarding.text": "Add a message (optional)",
  "forwarding.done": "Forwarded to {name}",
};

/** @type {import("../../i18n/index.js").Strings} */
export const ru = {
  "forwarding.forward": "Переслать",
  "forwarding.title": "Переслать сообщение",
  "forwarding.text": "Добавить сообщение (необязательно)",
  "forwarding.done": "Переслано: {name}",
};
