// Pinned messages.

export const en = {
  "pins.pin": "Pin message",
  "pins.unpin": "Unpin message",
  "pins.mark": "Pinned",
  "pins.title": "Pinned",
  "pins.none": "No pinned messages.",
  "pins.how": "Pin a message from its menu, and everybody finds it here.",
  "pins.all": { one: "Show {n} pinned message", other: "Show all {n} pinned messages" },
  "pins.by": "Pinned by {name}, {time}",
  "pins.pinnedAt": "Pinned {time}",
  "pins.donePinned": "Message pinned",
  "pins.doneUnpinned": "Message unpinned",
  "refusal.too_many_pins": "A room can have at most # pinned messages. Unpin one first.",
};
