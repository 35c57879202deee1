// Pinned messages in English and Russian.

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

/** @type {import("../../i18n/index.js").Strings} */
export const ru = {
  "pins.pin": "Закрепить сообщение",
  "pins.unpin": "Открепить сообщение",
  "pins.mark": "Закреплено",
  "pins.title": "Закреплённые",
  "pins.none": "Закреплённых сообщений нет.",
  "pins.how": "Закрепите сообщение через его меню, и все найдут его здесь.",
  "pins.all": { one: "Показать {n} закреплённое сообщение", few: "Показать все {n} закреплённых сообщения", many: "Показать все {n} закреплённых сообщений", other: "Показать все {n} закреплённых сообщения" },
  "pins.by": "Закреплено: {name}, {time}",
  "pins.pinnedAt": "Закреплено {time}",
  "pins.donePinned": "Сообщение закреплено",
  "pins.doneUnpinned": "Сообщение откреплено",
  "refusal.too_many_pins": "В комнате не больше # закреплённых сообщений. Сначала открепите одно из них.",
};
