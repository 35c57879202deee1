// Canned answers.

export const en = {
  "canned.title": "Canned answers",
  "canned.text":
    "In a support conversation, type / and a shortcut or a word of the text. {visitor}, {operator} and {page} become the visitor's name, your name and the page that the visitor came from.",
  "canned.own": "Your answers",
  "canned.own_one": "Your answer",
  "canned.no_own": "You have no canned answers yet.",
  "canned.shared": "Shared answers",
  "canned.shared_one": "Shared answer",
  "canned.no_shared": "There are no shared answers yet. Admins add them.",
  "canned.add": "Add an answer",
  "canned.add_shared": "Add a shared answer",
  "canned.shortcut": "Shortcut",
  "canned.shortcut_hint": "Letters, digits, - and _.",
  "canned.answer": "Text",
  "canned.variables": "Variables: {visitor}, {operator}, {page}.",
  "canned.edit": "Edit",
  "canned.edit_one": "Edit /{shortcut}",
  "canned.save": "Save",
  "canned.remove": "Delete",
  "canned.remove_one": "Delete /{shortcut}",
  "canned.remove_title": "Delete /{shortcut}?",
};
