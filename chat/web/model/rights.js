// What a person may do in a room, by the server's rules (docs/protocols/native.md, "Who may").

/** @typedef {import("./types").RoomInfo} RoomInfo */
/** @typedef {import("./types").Me} Me */

/**
 * @typedef {object} Rights
 * @property {boolean} canSpeak send and react
 * @property {boolean} canModerate delete others' messages, remove, ban, set the topic
 * @property {boolean} isOwner set name, privacy and roles, delete the room
 * @property {boolean} canSetPicture
 * @property {boolean} canArchive
 * @property {boolean} canInvite make an invitation link
 * @property {boolean} canAddMembers add people without an invite
 * @property {boolean} canLeave
 */

/**
 * @param {RoomInfo} info
 * @param {Me | null} me
 * @returns {Rights}
 */
export function rightsIn(info, me) {
  const roles = me?.roles ?? [];
  const role = info.role ?? "member";
  const isAdmin = roles.includes("admin");
  const isShared = info.kind === "room" || info.kind === "lobby";
  const isPublic = isShared && !info.private;
  const isOwner = info.kind === "room" && role === "owner";
  const leads = isShared && (role === "owner" || role === "moderator");
  const canModerate = leads || (isPublic && (isAdmin || roles.includes("moderator")));
  return {
    canSpeak: !info.archived,
    canModerate,
    isOwner,
    canSetPicture: isOwner || (info.kind === "lobby" && isAdmin),
    canArchive: info.kind === "room" && (isOwner || (isPublic && isAdmin)),
    canInvite: info.kind === "room" && !info.archived && (isPublic || leads),
    canAddMembers: info.kind === "room" && !info.archived && leads,
    canLeave: info.kind === "room",
  };
}
