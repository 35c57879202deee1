// Hooks: tools that post in rooms.

export const en = {
  "hooks.mark": "Hook",
  "hooks.title": "Hooks",
  "hooks.hint": "Addresses by which tools post in this room, and programs that get its changes.",
  "hooks.manage": "Manage hooks",
  "refusal.no_hook": "This hook was removed.",
  "refusal.too_many_hooks": "A room has at most # hooks. Remove one first.",
  "refusal.bad_hook_name": "A hook’s name has # to # characters: letters, digits, “_”, “.”, “-” and single spaces between them.",
  "refusal.no_outgoing_hook": "This outgoing hook was removed.",
  "refusal.too_many_outgoing_hooks": "A person has at most # outgoing hooks. Remove one first.",
  "refusal.bad_hook_url": "A hook’s URL begins with https:// or http://, and has at most # characters and no password.",
  "refusal.own_hook_url": "A hook cannot call the server that it is on.",
  "refusal.unknown_event_type": "There is no event with this type.",
  "refusal.no_bridge": "This outgoing hook is no bridge.",
  "refusal.position_not_in_log": "The log does not reach this position.",
};
