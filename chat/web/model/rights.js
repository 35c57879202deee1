// Who may do what in a room, as the server decides it (docs/protocols/native.md, "Who may").

/** @typedef {import("./types").RoomInfo} RoomInfo */
/** @typedef {import("./types").Me} Me */

/**
 * @typedef {object} Rights
 * @property {boolean} speaks write, react
 * @property {boolean} moderates delete what others said, remove, ban, the topic
 * @property {boolean} owns name, privacy, roles, delete the room
 * @property {boolean} archives
 * @property {boolean} invites make a link
 * @property {boolean} adds put somebody in without asking
 * @property {boolean} leaves
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
  const owns = info.kind === "room" && role === "owner";
  const looksAfter = isShared && (role === "owner" || role === "moderator");
  const moderates = looksAfter || (isPublic && (isAdmin || roles.includes("moderator")));
  return {
    speaks: !info.archived,
    moderates,
    owns,
    archives: info.kind === "room" && (owns || (isPublic && isAdmin)),
    invites: info.kind === "room" && !info.archived && (isPublic || looksAfter),
    adds: info.kind === "room" && !info.archived && looksAfter,
    leaves: info.kind === "room",
  };
}
