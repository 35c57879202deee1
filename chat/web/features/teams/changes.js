// Teams of operators, and whose the support conversations are, as far as this operator's page knows.

/** @import { Team, TeamOf, TeamsEvent } from "../../protocol" */

/**
 * @typedef {object} Known
 * @property {readonly Team[]} [teams] absent until they were read
 * @property {ReadonlyMap<number, number>} rooms the team by conversation
 * @property {number} events so far
 * @property {number} changes how often the teams themselves have changed
 */

/** @type {Known} */
const NOTHING = { rooms: new Map(), events: 0, changes: 0 };

/** @type {import("../../model/model").FeatureChanges} */
export const changes = { name: "teams", ofOwn: { teams: afterEvent } };

/** @param {Known | undefined} known @param {TeamsEvent} event @returns {Known} */
function afterEvent(known = NOTHING, { room, team }) {
  const events = known.events + 1;
  if (room === undefined) return { ...known, events, changes: known.changes + 1 };
  const rooms = new Map(known.rooms);
  if (team == null) rooms.delete(room);
  else rooms.set(room, team);
  return { ...known, events, rooms };
}

/** @param {Known | undefined} known @param {readonly Team[]} teams @param {readonly TeamOf[]} rooms @returns {Known} */
export function afterReading(known = NOTHING, teams, rooms) {
  return { ...known, teams, rooms: new Map(rooms.map(({ room, team }) => [room, team])) };
}

/** The team of a conversation, which may be the default one. @param {Known | undefined} known @param {number} room @returns {Team | undefined} */
export function teamOf(known, room) {
  const id = known?.rooms.get(room);
  return known?.teams?.find((team) => team.id === id) ?? known?.teams?.find((team) => team.default);
}

/**
 * The conversations of a team; 0, or one that is gone: all.
 * @template {{ id: number }} Info
 * @param {Known | undefined} known @param {readonly Info[]} infos @param {number} team @returns {readonly Info[]}
 */
export function filterByTeam(known, infos, team) {
  if (!known?.teams?.some(({ id }) => id === team)) return infos;
  return infos.filter(({ id }) => teamOf(known, id)?.id === team);
}
