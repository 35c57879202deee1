// Closed conversations. Operators are not in their rooms, so they are requested page by page.

import { useChat, useSelected } from "../shared/context.js";
import { usePages } from "../shared/loading.js";

/** @typedef {import("../../model/types").RoomInfo} RoomInfo */

/**
 * The loaded ones, while they are wanted; `more` loads the next page. Reopened ones are left out; when one is closed, the
 * list is loaded again.
 * @param {boolean} isWanted
 * @param {number} open how many are open
 * @returns {{ infos: RoomInfo[], isBusy: boolean, problem: string, more: () => void }}
 */
export function useClosedList(isWanted, open) {
  const rooms = useSelected((state) => state.rooms);
  const chat = useChat();
  const pages = usePages(
    async (after) => {
      if (!isWanted) return { items: /** @type {RoomInfo[]} */ ([]) };
      const query = new URLSearchParams({ state: "closed", limit: "50", after: String(after ?? "") });
      /** @type {import("../../protocol").Conversations} */
      const { rooms: items, next } = await chat.call("GET", `/support?${query}`);
      return { items, next };
    },
    [isWanted, open],
  );
  const infos = (pages.items ?? []).filter(({ id }) => !rooms.has(id));
  return { infos, isBusy: !pages.items, problem: pages.error, more: pages.more };
}
