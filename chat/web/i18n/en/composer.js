// The composer, and the emoji.

export default {
  "composer.label": "Message to {room}",
  "composer.placeholder": "Write to {room}",
  "composer.send": "Send",
  "composer.emoji": "Emoji",
  "composer.replying": "Reply to {name}",
  "composer.editing": "Edit your message",
  "composer.left": { one: "{n} character left", other: "{n} characters left" },
  "composer.tooLong": { one: "{n} character too long", other: "{n} characters too long" },
  "composer.offline": "You are offline. What you write is kept here, and sent when you are back.",
  "composer.archived": "This room is archived: it can be read, but nobody writes in it.",
  "composer.blocked": "You block {name}. Unblock them to write.",
  "composer.completions": "Suggestions",
  "composer.everybody": "everybody in this room",
  "emoji.search": "Search emoji",
  "emoji.recent": "Recent",
  "emoji.none": "No emoji has this name.",
  "emoji.failed": "The emoji could not be loaded. Check your connection.",
};
