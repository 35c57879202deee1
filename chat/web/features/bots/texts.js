// Bots: accounts of programs.

export const en = {
  "refusal.not_for_bots": "Bots can’t do this.",
  "refusal.no_scope": "The bot lacks the scope for this.",
  "refusal.no_bot": "This bot was removed.",
  "refusal.bot_off_by_admin": "An admin has switched this bot off. Only an admin can switch it on.",
  "refusal.bot_name_taken": "A bot of that name exists.",
  "refusal.too_many_bots": "A person has at most # bots. Remove one first.",
};
