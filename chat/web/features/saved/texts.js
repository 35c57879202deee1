// Saved messages in English and Russian.

export const en = {
  "saved.title": "Saved messages",
  "saved.save": "Save for later",
  "saved.remove": "Remove from saved",
  "saved.mark": "Saved",
  "saved.done": "Mark as done",
  "saved.doneOne": "Mark as done: {text}",
  "saved.doneSaved": "Saved for later",
  "saved.doneRemoved": "Removed from saved messages",
  "saved.none": "Nothing saved",
  "saved.how": "Save a message from its menu or with the key S, and find it here. Only you can see this list.",
  "refusal.too_many_saved": "You can save at most # messages. Mark some of them as done first.",
};

/** @type {import("../../i18n/index.js").Strings} */
export const ru = {
  "saved.title": "Сохранённые",
  "saved.save": "Сохранить на потом",
  "saved.remove": "Убрать из сохранённых",
  "saved.mark": "Сохранено",
  "saved.done": "Отметить как выполненное",
  "saved.doneOne": "Отметить как выполненное: {text}",
  "saved.doneSaved": "Сохранено на потом",
  "saved.doneRemoved": "Убрано из сохранённых",
  "saved.none": "Здесь пока пусто",
  "saved.how": "Сохраните сообщение через его меню или клавишей S, и оно появится здесь. Этот список видите только вы.",
  "refusal.too_many_saved": "Можно сохранить не больше # сообщений. Сначала отметьте часть из них как выполненные.",
};
