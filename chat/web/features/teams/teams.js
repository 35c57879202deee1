// Teams in the inbox: read while it is shown, on each conversation, as a filter, and to hand over to.

import { html } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { icon } from "../../view/controls/icon.js";
import { useSelected } from "../../view/shared/context.js";
import { useOwnReading } from "../../view/shared/own_reading.js";
import { afterReading, teamOf } from "./changes.js";

/** @typedef {import("../../model/types").Chat} Chat */
/** @typedef {import("../../model/types").State} State */
/** @typedef {import("../../protocol").Team} Team */
/** @typedef {import("./changes.js").Known} Known */

/** @param {State} state @returns {Known | undefined} */
export function teamsIn({ own }) {
  return /** @type {Known | undefined} */ (own.teams);
}

/** Read the teams with each connection, and after a change of them. */
export function useTeams() {
  useOwnReading("teams", teamsIn, readTeams);
}

/** @param {Chat} chat */
async function readTeams(chat) {
  const { teams, rooms = [] } = /** @type {import("../../protocol").Teams} */ (await chat.call("GET", "/support/teams"));
  return () => chat.setOwn("teams", afterReading(teamsIn(chat.get()), teams, rooms));
}

/** The team of a conversation, where there are teams. @param {{ room: number }} props */
export function TeamMark({ room }) {
  const team = useSelected((state) => teamOf(teamsIn(state), room));
  return team && html`<span class="team-mark">${icon("people", { size: 14 })} <bdi>${team.name}</bdi></span>`;
}

/** @param {{ team: number, onChoose: (team: number) => void }} props 0: all */
export function TeamFilter({ team, onChoose }) {
  const teams = useSelected((state) => teamsIn(state)?.teams);
  if (!teams?.length) return null;
  const isThere = teams.some(({ id }) => id === team);
  return html`<select class="label-filter" aria-label=${t("teams.filter")} value=${isThere ? team : 0}
    onChange=${(/** @type {any} */ event) => onChoose(Number(event.target.value))}>
    <option value="0">${t("teams.any")}</option>
    ${teams.map(({ id, name }) => html`<option key=${id} value=${id}>${name}</option>`)}
  </select>`;
}
