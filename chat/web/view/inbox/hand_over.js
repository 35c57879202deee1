// The dialog that hands a conversation over to another operator or a team, with a private note for them.

import { html, useEffect, useState } from "../../vendor/preact.js";
import { t, tn } from "../../i18n/index.js";
import { teamOf } from "../../features/teams/changes.js";
import { teamsIn } from "../../features/teams/teams.js";
import { visitor } from "../../model/support_queue.js";
import { icon } from "../controls/icon.js";
import { Presence, avatar } from "../controls/avatar.js";
import { useAction } from "../shared/action.js";
import { useChat, useSelected } from "../shared/context.js";
import { Dialog } from "../controls/dialog.js";
import { Field, FormError } from "../controls/fields.js";
import { useLoaded } from "../shared/loading.js";
import { personName } from "../shared/names.js";

/** @typedef {import("../../model/types").RoomInfo} RoomInfo */
/** @typedef {import("../../model/types").Person} Person */

/**
 * @typedef {{ id: number, name: string }} Taker
 * @param {{ info: RoomInfo, onClose: () => void, onChosen: (person: Taker) => void, onTeam: (team: Taker) => void }} props
 */
export function HandOver({ info, onClose, onChosen, onTeam }) {
  const chat = useChat();
  const { value: operators, error } = useOperators(info);
  const [note, setNote] = useState("");
  const { act, isBusy, error: problem } = useAction();
  const hasNotes = useSelected(({ server }) => server.features.includes("notes"));
  const known = useSelected(teamsIn);
  const own = teamOf(known, info.id)?.id;
  const teams = (known?.teams ?? []).filter(({ id }) => id !== own || info.support?.assignee);
  /** The note comes first: they read it when the conversation is theirs. @param {Taker} taker @param {(taker: Taker) => void} give */
  const choose = async (taker, give) => {
    const text = note.trim();
    if (text && !(await act(() => chat.call("POST", `/support/${info.id}/notes`, { text })))) return;
    setNote("");
    give(taker);
  };
  return html`<${Dialog} title=${t("inbox.hand_over_to")} onClose=${onClose}>
    <${FormError} text=${error || problem} />
    ${hasNotes && operators && operators.length + teams.length > 0 && html`<${Field} label=${t("inbox.hand_over_note")} hint=${t("notes.hint")} value=${note} onInput=${setNote} rows=${2} maxlength="4000" />`}
    ${!operators && !error && html`<span class="spinner"></span>`}
    ${operators?.length === 0 && teams.length === 0 && html`<p class="soft">${t("inbox.no_other_operator")}</p>`}
    <ul class="list">
      ${operators && teams.map(
        (team) => html`<li key=${`team-${team.id}`}>
          <button type="button" class="row" disabled=${isBusy} onClick=${() => choose(team, onTeam)}>
            ${icon("people")} <span class="row-text"><bdi class="row-title">${team.name}</bdi></span>
            <span class="row-end soft small">${tn("teams.count", team.members?.length ?? 0)}</span>
          </button>
        </li>`,
      )}
      ${operators?.map(
        (person) => html`<li key=${person.id}>
          <button type="button" class="row" disabled=${isBusy} onClick=${() => choose(person, onChosen)}>
            ${avatar(person, { presence: true })}
            <span class="row-text"><bdi class="row-title">${personName(person)}</bdi></span>
            <span class="row-end soft small"><${Presence} id=${person.id} /></span>
          </button>
        </li>`,
      )}
    </ul>
  <//>`;
}

/**
 * The operators except the assignee. All operators are members of every open conversation.
 * @param {RoomInfo} info
 * @returns {{ value: Person[] | undefined, error: string }}
 */
function useOperators(info) {
  const chat = useChat();
  const without = new Set([visitor(info).id, info.support?.assignee?.id]);
  const loaded = useLoaded(async () => (await everybody(chat, info.id)).filter(({ id }) => !without.has(id)), [info.id]);
  const ids = loaded.value?.map(({ id }) => id).join() ?? "";
  useEffect(() => (ids ? chat.watch(ids.split(",").map(Number)) : undefined), [chat, ids]);
  return loaded;
}

/**
 * @param {import("../../model/types").Chat} chat
 * @param {number} room
 * @returns {Promise<Person[]>}
 */
async function everybody(chat, room) {
  /** @type {Person[]} */
  const found = [];
  /** @type {number | undefined} */
  let after = 0;
  while (after !== undefined) {
    /** @type {{ members: { person: Person }[], next?: number }} */
    const page = await chat.call("GET", `/rooms/${room}/members?limit=100&after=${after}`);
    found.push(...page.members.map(({ person }) => person));
    after = page.next;
  }
  return found;
}
