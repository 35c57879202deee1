// Closed conversations: they are no rooms of an operator, so they are asked for, page by page.

import { usePages } from "../asking.js";
import { useSelected } from "../context.js";

/** @typedef {import("../../model/types").RoomInfo} RoomInfo */

/**
 * Those that are loaded, while they are wanted; `more` loads the next page. What is opened again is not among them, and
 * what is closed meanwhile is asked for.
 * @param {boolean} isWanted
 * @param {number} open how many are open
 * @returns {{ infos: RoomInfo[], isBusy: boolean, problem: string | null, more: (() => void) | null }}
 */
export function useClosed(isWanted, open) {
  const rooms = useSelected((state) => state.rooms);
  const pages = usePages(isWanted ? "/support?state=closed&limit=50" : null, "rooms", open);
  const infos = /** @type {RoomInfo[]} */ (pages.items);
  return { ...pages, infos: infos.filter(({ id }) => !rooms.has(id)) };
}
