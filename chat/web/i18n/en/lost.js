// What a restored backup lacks.

export default {
  "lost.restored": "This server was restored from a backup.",
  "lost.restored_from": "This server was restored from a backup of {time}.",
  "lost.count": {
    one: "{n} message that you saw after it is gone.",
    other: "{n} messages that you saw after it are gone.",
  },
  "lost.show": "Show",
  "lost.title": "Messages that are gone",
  "lost.intro": "You can send your own messages again, as new ones. Attach their files again.",
  "lost.no_room": "You have no conversation of this name any more.",
  "lost.file": "[file: {name}]",
  "lost.send": "Send again",
  "lost.send_all": { one: "Send {n} of mine again", other: "Send all {n} of mine again" },
  "lost.sent": "Sent again",
  "lost.copy": "Copy all",
  "lost.save": "Save as a file",
  "lost.dismiss": "Dismiss the list",
};
