// Reactions in English and Russian.

export const en = {
  "reactions.title": "Reactions",
  "reactions.react": "React",
  "reactions.all": "All emoji",
  "reactions.you": "you",
  "reactions.andOthers": { one: "{names} and {n} other", other: "{names} and {n} others" },
  "reactions.people": { one: "{n} person", other: "{n} people" },
  "refusal.bad_emoji": "A reaction is a single emoji.",
  "refusal.too_many_reactions": "A message can have at most # kinds of reactions.",
};

/** @type {import("../../i18n/index.js").Strings} */
export const ru = {
  "reactions.title": "Реакции",
  "reactions.react": "Реакция",
  "reactions.all": "Все эмодзи",
  "reactions.you": "вы",
  "reactions.andOthers": { one: "{names} и ещё {n}", other: "{names} и ещё {n}" },
  "reactions.people": { one: "{n} человек", few: "{n} человека", many: "{n} человек", other: "{n} человека" },
  "refusal.bad_emoji": "Реакция — это один эмодзи, без букв, цифр и пробелов.",
  "refusal.too_many_reactions": "У сообщения не больше # видов реакций.",
};
