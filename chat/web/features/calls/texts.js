// Calls.

export const en = {
  "calls.begin": "Start a call",
  "calls.title": "Start a call in {room}?",
  "calls.text": "A link to it is sent as a message. Everybody who reads it can join.",
  "calls.call": "Call",
  "calls.join": "Join call",
  "refusal.calls_off": "This server has no calls.",
};
