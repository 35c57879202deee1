// To whom slow mode applies, and when they can send the next message.

import { rightsIn } from "../../model/rights.js";

/** @typedef {import("../../model/types").State} State */

/** Whether slow mode does not apply to this person. @param {State} state @param {number} room */
export function isFree({ rooms, me }, room) {
  const info = rooms.get(room)?.info;
  return Boolean(info && (rightsIn(info, me).canModerate || me?.roles?.includes("admin")));
}

/**
 * When this person can send the next message in a room in slow mode, in ms: by their last message there, which another
 * browser may have sent, or by the server's last refusal; 0: now.
 * @param {State} state
 * @param {number} id
 * @param {number} [now]
 */
export function nextSendAt({ rooms, me, slowUntil }, id, now = Date.now()) {
  const room = rooms.get(id);
  const pause = (room?.info.slow_mode ?? 0) * 1000;
  if (!room || !pause) return 0;
  const refusedUntil = slowUntil?.get(id) ?? 0;
  for (let { seq } = room.info; room.messages.has(seq); seq--) {
    const message = /** @type {import("../../protocol").Message} */ (room.messages.get(seq));
    if (message.at < now - pause) break;
    // The server's clock may be ahead of the browser's.
    if (message.sender.id === me?.id && message.kind !== "join") return Math.max(Math.min(message.at, now) + pause, refusedUntil);
  }
  return refusedUntil > now ? refusedUntil : 0;
}
