// Polls.

export const en = {
  "polls.make": "Create a poll",
  "polls.command": "Create a poll",
  "polls.question": "Question",
  "polls.options": "Options",
  "polls.option": "Option {n}",
  "polls.several": "People can choose several options",
  "polls.several_hint": "Several choices",
  "polls.twice": "Two options are the same.",
  "polls.send": "Send poll",
  "polls.votes": { one: "{n} vote", other: "{n} votes" },
  "polls.votes_word": { one: "vote", other: "votes" },
  "polls.close": "Close poll",
  "polls.close_title": "Close this poll?",
  "polls.close_text": "Nobody can vote any more, and the result stays in the message.",
  "polls.closed": "Closed",
};
