// Canned answers in English and Russian.

export const en = {
  "canned.title": "Canned answers",
  "canned.text":
    "In a support conversation, type / and a shortcut or a word of the text. {visitor}, {operator} and {page} become the visitor's name, your name and the page that the visitor came from.",
  "canned.own": "Your answers",
  "canned.own_one": "Your answer",
  "canned.no_own": "You have no canned answers yet.",
  "canned.shared": "Shared answers",
  "canned.shared_one": "Shared answer",
  "canned.no_shared": "There are no shared answers yet. Admins add them.",
  "canned.add": "Add an answer",
  "canned.add_shared": "Add a shared answer",
  "canned.shortcut": "Shortcut",
  "canned.shortcut_hint": "Letters, digits, - and _.",
  "canned.answer": "Text",
  "canned.variables": "Variables: {visitor}, {operator}, {page}.",
  "canned.edit": "Edit",
  "canned.edit_one": "Edit /{shortcut}",
  "canned.save": "Save",
  "canned.remove": "Delete",
  "canned.remove_one": "Delete /{shortcut}",
  "canned.remove_title": "Delete /{shortcut}?",
};

/** @type {import("../../i18n/index.js").Strings} */
export const ru = {
  "canned.title": "Готовые ответы",
  "canned.text":
    "В беседе поддержки введите / и сокращение или слово из текста. Вместо {visitor}, {operator} и {page} подставляются имя посетителя, ваше имя и страница, с которой он пришёл.",
  "canned.own": "Ваши ответы",
  "canned.own_one": "Ваш ответ",
  "canned.no_own": "У вас пока нет готовых ответов.",
  "canned.shared": "Общие ответы",
  "canned.shared_one": "Общий ответ",
  "canned.no_shared": "Общих ответов пока нет. Их добавляют администраторы.",
  "canned.add": "Добавить ответ",
  "canned.add_shared": "Добавить общий ответ",
  "canned.shortcut": "Сокращение",
  "canned.shortcut_hint": "Буквы, цифры, - и _.",
  "canned.answer": "Текст",
  "canned.variables": "Переменные: {visitor}, {operator}, {page}.",
  "canned.edit": "Изменить",
  "canned.edit_one": "Изменить /{shortcut}",
  "canned.save": "Сохранить",
  "canned.remove": "Удалить",
  "canned.remove_one": "Удалить /{shortcut}",
  "canned.remove_title": "Удалить /{shortcut}?",
};
