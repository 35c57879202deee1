// Who has read a message, in English and Russian.

export const en = {
  "reads.read": "Read",
  "reads.by": { one: "Read by {n}", other: "Read by {n}" },
  "reads.title": "Who has read this",
  "reads.nobody": "Nobody yet.",
  "reads.others": { one: "and {n} more", other: "and {n} more" },
};

/** @type {import("../../i18n/index.js").Strings} */
export const ru = {
  "reads.read": "Прочитано",
  "reads.by": { one: "Прочитал {n} человек", few: "Прочитали {n} человека", many: "Прочитали {n} человек", other: "Прочитали {n} человека" },
  "reads.title": "Кто прочитал",
  "reads.nobody": "Пока никто.",
  "reads.others": { one: "и ещё {n}", other: "и ещё {n}" },
};
