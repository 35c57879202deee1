// This person's folders: own sections of the list of rooms, as the latest event or read has them.

/** @typedef {import("../../protocol").RoomFolders} RoomFolders */

/** @typedef {{ id: number, name: string, rooms: readonly number[] }} Folder */

/** @typedef {{ version: number, folders: readonly Folder[] }} Folders */

/** @type {import("../../model/model").FeatureChanges} */
export const changes = { name: "folders", ofOwn: { folders: later } };

/** The folders after an event or a reply, which may come late. @param {Folders | undefined} known @param {RoomFolders} sent @returns {Folders} */
export function later(known, { version = 0, folders = [] }) {
  if (known && known.version >= version) return known;
  return { version, folders: folders.map(({ id, name, rooms = [] }) => ({ id, name, rooms })) };
}

/** What is known after a read; data restored from a backup have a lower version. @param {Folders | undefined} before it was asked @param {Folders | undefined} known @param {RoomFolders} read */
export function afterReading(before, known, read) {
  return known !== before ? later(known, read) : later(undefined, read);
}

/** @param {import("../../model/types").State} state @returns {Folders | undefined} */
export function foldersOf({ own }) {
  return /** @type {Folders | undefined} */ (own.folders);
}

/** Older servers have no folders. @param {import("../../model/types").State} state */
export function isOffered({ server }) {
  return server.features.includes("folders");
}
