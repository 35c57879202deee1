// Поле для сообщения и эмодзи.

/** @type {import("../index.js").Strings} */
export default {
  "composer.label": "Сообщение: {room}",
  "composer.placeholder": "Написать: {room}",
  "composer.send": "Отправить",
  "composer.emoji": "Эмодзи",
  "composer.replying": "Ответ: {name}",
  "composer.editing": "Изменение сообщения",
  "composer.left": { one: "Остался {n} знак", few: "Осталось {n} знака", many: "Осталось {n} знаков", other: "Осталось {n} знака" },
  "composer.tooLong": { one: "Лишний {n} знак", few: "Лишние {n} знака", many: "Лишних {n} знаков", other: "Лишние {n} знака" },
  "composer.offline": "Нет связи. Написанное сохранится здесь и отправится, когда связь вернётся.",
  "composer.archived": "Комната в архиве: её можно читать, но никто в ней не пишет.",
  "composer.blocked": "Вы заблокировали {name}. Снимите блокировку, чтобы написать.",
  "composer.completions": "Подсказки",
  "composer.everybody": "все в этой комнате",
  "emoji.search": "Поиск эмодзи",
  "emoji.recent": "Недавние",
  "emoji.none": "Эмодзи с таким названием нет.",
  "emoji.failed": "Не удалось загрузить эмодзи. Проверьте связь.",
};
