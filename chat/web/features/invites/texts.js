// Invitations.

export const en = {
  "invite.title": "Invite to {name}",
  "invite.text": "Anyone with the link can join. Share it only with the right people.",
  "invite.uses": "How many people can use it?",
  "invite.uses_n": { one: "{n} person", other: "{n} people" },
  "invite.days": "Valid for",
  "invite.days_n": { one: "{n} day", other: "{n} days" },
  "invite.make": "Create link",
  "invite.made": "Copy the link and share it.",
  "invite.link": "Invitation link",
  "invite.good_for": { one: "Valid for {n} person until {time}", other: "Valid for {n} people until {time}" },
  "invite.withdraw": "Revoke link",
  "invite.members_only": "Only admins' links let people register on this server. Yours works for people who already have an account.",
  "invite.address": "Anyone can register here and starts in the lobby. Share the address.",
  "invite.ask_admin": "People need an invitation from an admin to register on this server. Ask an admin for a link.",
  "invitations.title": "Invitations",
  "invitations.text": "Your active invitation links. A link is shown only once, when you create it.",
  "invitations.none": "You have no active invitations. Create one in a room, under “About this room”.",
  "invitations.register": "To create an account",
  "invitations.withdraw": "Revoke",
  "invitations.withdraw_one": "Revoke the invitation: {name}",
};
