// For how long the messages of a room are kept.

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
