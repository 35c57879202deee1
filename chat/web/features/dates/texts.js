// Jumping to a date, in English and Russian.

export const en = {
  "dates.label": "Jump to date",
  "dates.go": "Jump",
  "dates.none": "No messages since then.",
};

/** @type {import("../../i18n/index.js").Strings} */
export const ru = {
  "dates.label": "Перейти к дате",
  "dates.go": "Перейти",
  "dates.none": "С этого дня сообщений нет.",
};
