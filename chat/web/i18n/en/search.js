// Searching for messages.

export default {
  "search.title": "Search messages",
  "search.search": "Search",
  "search.placeholder": "Words, or from:ada in:garden \"two words\"",
  "search.from_hint": "Who said it: from:ada",
  "search.in_hint": "In which room: in:garden",
  "search.since_hint": "From that day on: since:2026-03-01",
  "search.before_hint": "Before that day: before:2026-03",
  "search.phrase_hint": "Words in this order",
  "search.mentions": "Where you were mentioned",
  "search.no_mentions": "Nobody has mentioned you yet.",
  "search.no_words": "Add a word to look for",
  "search.help": "The beginning of a word is enough, case and accents do not matter. A - before a word leaves out messages that have it. You find what is said in rooms that you are in.",
  "search.searching": "Searching…",
  "search.found": "Messages found, the newest first",
  "search.none": "No message has this",
  "search.none_text": "This was searched for in all rooms that you are in:",
  "search.wrong_day": "“{part}” is no day. Write it as 2026-03-01 or 2026-03.",
  "search.nobody": "Nobody here is called “{name}”.",
  "search.no_room": "You are in no room called “{name}”.",
};
