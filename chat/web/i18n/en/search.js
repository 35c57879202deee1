// Searching for messages.

export default {
  "search.title": "Search messages",
  "search.search": "Search",
  "search.placeholder": "Words, or from:ada in:garden \"two words\"",
  "search.from_hint": "From a person: from:ada",
  "search.in_hint": "In a room: in:garden",
  "search.since_hint": "On or after a date: since:2026-03-01",
  "search.before_hint": "Before a date: before:2026-03",
  "search.phrase_hint": "Exact phrase",
  "search.mentions": "Your mentions",
  "search.no_mentions": "Nobody has mentioned you yet.",
  "search.no_words": "Enter a word to search for",
  "search.help": "Matches the beginning of words; case and accents don't matter. Put - before a word to exclude it. Searches all rooms you are in.",
  "search.searching": "Searching…",
  "search.found": "Search results, newest first",
  "search.none": "No messages found",
  "search.none_text": "Searched in all rooms you are in:",
  "search.wrong_day": "“{part}” is not a date. Write it as 2026-03-01 or 2026-03.",
  "search.nobody": "There is nobody named “{name}”.",
  "search.no_room": "You are not in a room named “{name}”.",
};
