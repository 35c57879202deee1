// Reactions.

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
