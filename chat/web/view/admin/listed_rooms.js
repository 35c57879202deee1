// The rooms that an admin chooses from.

/** @typedef {import("../../protocol").ListedRooms} ListedRooms */

/** The lobby and all rooms that people made; the first thousand. @param {import("../../model/types").Chat} chat */
export async function readRooms(chat) {
  const rooms = [];
  /** @type {number | undefined} */
  let after;
  do {
    const page = /** @type {ListedRooms} */ (await chat.call("GET", `/admin/rooms?limit=100${after ? `&after=${after}` : ""}`));
    rooms.push(...page.rooms);
    after = page.next;
  } while (after && rooms.length < 1000);
  return rooms;
}
