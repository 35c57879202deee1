// Refusals by their `reason`, where the server's text is fixed by old protocols or is not plain; # stands for each number.

/** @type {Record<string, string>} */
export const reasons = {
  bad_credentials: "Wrong name or password.",
  needs_invite: "You need an invitation to register. Ask an admin for one.",
  bad_invite: "This invitation is used up, expired or mistyped.",
  name_looks_taken: "That name is too similar to another one.",
  display_looks_taken: "That display name is too similar to another person's name.",
  email_taken: "That email address already has an account.",
  room_name_taken: "A room with this name already exists.",
  not_for_visitors: "Visitors only have their own support conversation.",
  mixed_name:
    "A name can't mix letters of different scripts, such as Latin and Cyrillic.",
  bad_topic: "A topic can have at most # characters.",
  bad_text:
    "The message contains characters that can't be stored.",
  address_banned: "This network is banned from this server.",
  address_banned_until: "This network is banned until #-#-# #:# UTC.",
  registering_banned: "Nobody can register from this network. Ask an admin for an invitation.",
  bad_network: "That is not an address or a network.",
  ban_of_loopback: "That network contains addresses of the server itself.",
  ban_of_proxy: "That network contains a trusted proxy: everyone behind it would be banned.",
  ban_of_own_address: "Your own address is in that network.",
  ban_is_over: "That time has passed.",
  too_many_bans: "There can be at most # bans.",
  no_ban: "This ban no longer exists.",
  inviting_needs_admin: "Only admins can make invitations on this server.",
  inviting_too_soon: "You can invite after # days on this server. Days left: #.",
  too_many_open_invites: "You have # open invitations already. Revoke one first.",
  newcomer: "People can't send links or files in their first # hours here. Hours left: #.",
  bad_label: "It contains characters that can't be displayed.",
};

/** @type {Record<string, string>} */
export const codes = {};
