// Other people's support conversations beyond those that a sync brings: how many they are, and how they are loaded.

import { addConversations, uncounted } from "../model/left_out.js";
import { isChatError } from "./errors.js";

/** @import { RoomInfo } from "../model/types" */
/** @import { RoomUpdate } from "../model/apply.js" */
/** @import { Store } from "../model/store.js" */

/** Milliseconds between a change and the next count. */
const COUNT_DELAY = 2000;

/** @typedef {ReturnType<typeof openLeftOut>} LeftOut */

/**
 * @param {Store} store
 * @param {(method: string, path: string) => Promise<any>} call
 * @param {(type: string, fields: object) => Promise<any>} request
 */
export function openLeftOut(store, call, request) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  async function count() {
    clearTimeout(timer);
    timer = undefined;
    try {
      const all = await call("GET", "/support/counts");
      store.update((state) => (state.leftOut ? { ...state, leftOut: uncounted(all, state.rooms, state.me?.id) } : state));
    } catch (error) {
      if (!isChatError(error)) throw error; // the next change or connection counts again
    }
  }

  return {
    /** Count, if a sync has left some out. */
    count: () => (store.get().leftOut ? count() : undefined),

    /** One that was left out may have come or gone: count again soon. @param {RoomUpdate[]} updates */
    handle(updates) {
      const { leftOut, rooms } = store.get();
      if (!leftOut) return;
      const isAboutLeftOut = updates.some(({ frame, room, isNew }) => frame.type === "gone" || (isNew && rooms.get(room)?.info.support));
      if (isAboutLeftOut) timer ??= setTimeout(count, COUNT_DELAY);
    },

    /** Go live with conversations that were requested from the server. @param {readonly RoomInfo[]} infos */
    async enter(infos) {
      const found = infos.filter(({ id }) => !store.get().rooms.has(id));
      if (found.length === 0) return;
      store.update((state) => addConversations(state, found));
      const known = found.map(({ id, pos, at }) => ({ room: id, pos, at }));
      await request("sync", { known, rest: false }); // the next connection does the same if this one is lost
    },
  };
}
