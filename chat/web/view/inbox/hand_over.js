// Choose the operator who is to answer from now on.

import { html, useEffect, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { visitor } from "../../model/queue.js";
import { Presence, avatar } from "../avatar.js";
import { useChat } from "../context.js";
import { Dialog } from "../dialog.js";
import { personName } from "../names.js";
import { problemText } from "../problem.js";

/** @typedef {import("../../model/types").RoomInfo} RoomInfo */
/** @typedef {import("../../model/types").Person} Person */

/**
 * @param {{ info: RoomInfo, onClose: () => void, onChosen: (person: { id: number, name: string }) => void }} props
 */
export function HandOver({ info, onClose, onChosen }) {
  const { operators, problem } = useOperators(info);
  return html`<${Dialog} title=${t("inbox.hand_over_to")} onClose=${onClose}>
    ${problem && html`<p class="notice danger" role="alert">${problem}</p>`}
    ${!operators && !problem && html`<span class="spinner"></span>`}
    ${operators?.length === 0 && html`<p class="soft">${t("inbox.no_other_operator")}</p>`}
    <ul class="list">
      ${operators?.map(
        (person) => html`<li key=${person.id}>
          <button type="button" class="row" onClick=${() => onChosen(person)}>
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
 * The operators but the one who has the conversation: all of them are in every open one, with its person.
 * @param {RoomInfo} info
 * @returns {{ operators: Person[] | null, problem: string | null }}
 */
function useOperators(info) {
  const chat = useChat();
  const [found, setFound] = useState(/** @type {{ operators: Person[] | null, problem: string | null }} */ ({ operators: null, problem: null }));
  useEffect(() => {
    let isWanted = true;
    let stop = () => {};
    const without = new Set([visitor(info).id, info.support?.assignee?.id]);
    everybody(chat, info.id).then(
      (people) => {
        if (!isWanted) return;
        const operators = people.filter(({ id }) => !without.has(id));
        stop = chat.watch(operators.map(({ id }) => id));
        setFound({ operators, problem: null });
      },
      (error) => isWanted && setFound({ operators: null, problem: problemText(error) }),
    );
    return () => {
      isWanted = false;
      stop();
    };
  }, [chat, info.id]);
  return found;
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
