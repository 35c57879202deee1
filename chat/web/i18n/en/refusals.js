// What the server says when it refuses, for people, where programs of old read it word by word; # stands for each number.

/** @type {Record<string, string>} */
export const texts = {
  "invalid credentials": "Wrong name or password.",
  "registration needs an invite: ask whoever runs the server": "You need an invitation to register. Ask an admin for one.",
  "that invite is not valid: it is used up, too old, or mistyped": "This invitation is used up, expired or mistyped.",
  "that name looks like another's": "That name is too similar to another one.",
  "that display name looks like another's": "That display name is too similar to another person's name.",
  "email already registered": "That e-mail address already has an account.",
  "a room of that name exists": "A room with this name already exists.",
  "only the creator of the room may do that": "Only the creator of the room can do this.",
  "a visitor has their own support conversation, and nothing else": "Visitors only have their own support conversation.",
  "a name has letters of one script, as Latin or Cyrillic, not of several":
    "A name can't mix letters of different scripts, such as Latin and Cyrillic.",
  "a topic has at most # characters, no NUL and no lone surrogate": "A topic can have at most # characters.",
  "the message has characters that can't be kept (NUL, lone surrogates)":
    "The message contains characters that can't be stored.",
  "a reaction is one emoji: no letters, digits, spaces or controls": "A reaction is a single emoji.",
  "it has characters that can't be shown": "It contains characters that can't be displayed.",
};

/** @type {Record<string, string>} */
export const codes = {};
