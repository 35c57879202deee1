// For how long the messages of a room are kept, in English and Russian.

export const en = {
  "keep.title": "Message retention",
  "keep.for_ever": "Messages are kept forever",
  "keep.for_n": { one: "Messages are removed after {n} day", other: "Messages are removed after {n} days" },
  "keep.own": "set for this room",
  "keep.change": "Change retention",
  "keep.days": "Keep messages for (days)",
  "keep.hint": "Older messages are removed with their files, for everyone, from an hour after the change. 0 means they are kept forever.",
  "keep.whole": "Enter a whole number.",
  "keep.save": "Save",
  "keep.as_server": "Use the server's rule ({kept})",
};

/** @type {import("../../i18n/index.js").Strings} */
export const ru = {
  "keep.title": "Хранение сообщений",
  "keep.for_ever": "Сообщения хранятся всегда",
  "keep.for_n": { one: "Сообщения удаляются через {n} день", few: "Сообщения удаляются через {n} дня", many: "Сообщения удаляются через {n} дней", other: "Сообщения удаляются через {n} дня" },
  "keep.own": "задано для этой комнаты",
  "keep.change": "Изменить срок",
  "keep.days": "Хранить сообщения (дней)",
  "keep.hint": "Более старые сообщения удаляются у всех вместе с файлами, не раньше чем через час после изменения. 0 — хранить всегда.",
  "keep.whole": "Введите целое число.",
  "keep.save": "Сохранить",
  "keep.as_server": "Как на сервере ({kept})",
};
