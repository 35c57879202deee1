// Forwarding.

export const en = {
  "forwarding.forward": "Forward",
  "forwarding.title": "Forward message",
  "forwarding.text": "Add a message (optional)",
  "forwarding.done": "Forwarded to {name}",
};
