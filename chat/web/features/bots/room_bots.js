// The bots of a room, with their owners and commands. They are read when somebody looks at members, or types a slash.

import { useLoaded } from "../../view/shared/loading.js";
import { useChat } from "../../view/shared/context.js";
import { sessionMap } from "../../view/shared/session_memory.js";

/** @typedef {import("../../protocol").BotHere} BotHere */
/** @typedef {import("../../model/types").Chat} Chat */
/** @typedef {import("../../model/types").RoomInfo} RoomInfo */

/** Milliseconds after which they are read again. */
const LIFETIME = 30_000;

/** @type {Map<number, { at: number, members: number | undefined, bots: Promise<BotHere[]> }>} */
const known = sessionMap();

/** @param {Chat} chat @param {RoomInfo} info @returns {Promise<BotHere[]>} */
export function botsIn(chat, { id, members }) {
  const kept = known.get(id);
  if (kept && kept.members === members && Date.now() - kept.at < LIFETIME) return kept.bots;
  const bots = chat.call("GET", `/rooms/${id}/bots`).then((answer) => /** @type {{ bots: BotHere[] }} */ (answer).bots);
  known.set(id, { at: Date.now(), members, bots });
  bots.catch(() => known.delete(id));
  return bots;
}

/** The bots of a room by id, if they are wanted. @param {RoomInfo} info @param {boolean} isWanted @returns {ReadonlyMap<number, BotHere>} */
export function useBotsIn(info, isWanted) {
  const chat = useChat();
  const found = useLoaded(async () => (isWanted ? botsIn(chat, info) : []), [info.id, info.members, isWanted]);
  return new Map((found.value ?? []).map((bot) => [bot.id, bot]));
}

/** What `/` and the beginning of a word offer at the begin of a message. @param {Chat} chat @param {RoomInfo} info @param {string} word @param {string} hint */
export async function commandsOf(chat, info, word, hint) {
  const wanted = word.toLowerCase();
  const offered = (await botsIn(chat, info)).flatMap(({ id, name, commands = [] }) => commands.map((command) => ({ id, name, command })));
  return offered
    .filter(({ command }) => command.toLowerCase().startsWith(wanted) && command.toLowerCase() !== wanted)
    .map(({ id, name, command }) => ({ key: `bot-${id}-${command}`, insert: `/${command} `, label: `/${command}`, note: name, hint }));
}
