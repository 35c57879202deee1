// Hooks: tools that post in rooms.

export const en = {
  "hooks.mark": "Hook",
  "hooks.title": "Hooks",
  "hooks.hint": "Addresses by which tools post in this room.",
  "hooks.manage": "Manage hooks",
  "refusal.no_hook": "This hook was removed.",
  "refusal.too_many_hooks": "A room has at most # hooks. Remove one first.",
  "refusal.bad_hook_name": "A hook’s name has # to # characters: letters, digits, “_”, “.”, “-” and single spaces between them.",
};
