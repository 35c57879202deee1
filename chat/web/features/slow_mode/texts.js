// Slow mode of a room.

export const en = {
  "slow.title": "Slow mode",
  "slow.off": "Off",
  "slow.hint": "Time between two messages from one person. Owners, moderators and admins aren’t limited.",
  "slow.on": "Slow mode: {time} between messages",
  "slow.free": "Slow mode: {time} between messages. It doesn’t apply to you.",
  "slow.next": "Slow mode: you can send your next message {in}.",
  "slow.waits": "Slow mode: your message will be sent {in}.",
  "refusal.slow_mode": "Slow mode: one message every # seconds here.",
  "refusal.slow_mode_too_short": "Slow mode takes at least # seconds; # turns it off.",
};
