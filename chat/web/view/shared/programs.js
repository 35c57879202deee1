// Hooks and bots: accounts of programs, whose names end with a mark.

/** Ends the account names of bots, and of nobody else. */
const BOT = " (bot)";

/** Ends the account names of hooks, and of nobody else. */
const HOOK = " (hook)";

/** @param {{ name: string }} person */
export function isProgram({ name }) {
  return name.endsWith(BOT) || name.endsWith(HOOK);
}

/** What a hook or a bot is called. @param {{ name: string }} program */
export function programName({ name }) {
  return name.slice(0, -(name.endsWith(BOT) ? BOT : HOOK).length);
}

/** The key of the tag of a hook or a bot. @param {{ name: string }} program */
export function programTag({ name }) {
  return name.endsWith(BOT) ? "bots.mark" : "hooks.mark";
}
