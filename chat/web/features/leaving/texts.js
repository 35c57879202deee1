// Deleting one's own account.

export const en = {
  "leaving.title": "Delete account",
  "leaving.text": "You are logged out everywhere and can't log in again. Your email address is deleted. This can't be undone.",
  "leaving.how": "What happens to your messages",
  "leaving.leave": "Keep my messages and my name",
  "leaving.leave_hint": "Your messages stay under your name. Nobody else can take the name.",
  "leaving.leave_do": "Delete account",
  "leaving.anonymise": "Keep my messages, remove my name",
  "leaving.anonymise_hint": "Your messages stay under a name like “deleted-7”. What others wrote stays as it is, also where it mentions you.",
  "leaving.anonymise_do": "Delete account and name",
  "leaving.erase": "Delete my messages",
  "leaving.erase_hint": "Your messages with their earlier versions and files, your reactions and your support conversation are deleted, and your name is removed. Replies to you show a gap. Many messages take some minutes.",
  "leaving.erase_do": "Delete account and messages",
  "leaving.ask": "Delete your account permanently?",
  "leaving.do": "Delete account",
  "leaving.password": "Your password",
};
