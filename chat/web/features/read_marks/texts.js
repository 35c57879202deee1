// Who has read a message.

export const en = {
  "reads.read": "Read",
  "reads.by": { one: "Read by {n}", other: "Read by {n}" },
  "reads.title": "Who has read this",
  "reads.nobody": "Nobody yet.",
  "reads.others": { one: "and {n} more", other: "and {n} more" },
};
