// The reactions below a message: one button for each emoji, pressed if this person has reacted.

import { html } from "../../vendor/preact.js";
import { t, tn } from "../../i18n/index.js";
import { useSelected } from "../shared/context.js";
import { icon } from "../controls/icon.js";
import { usePeople } from "../shared/known_people.js";
import { personName } from "../shared/names.js";

/** @typedef {import("../../model/types").Message} Message */
/** @typedef {import("../../model/types").Person} Person */
/** @typedef {import("../../model/types").State} State */
/** @typedef {{ emoji: string, count: number, people: readonly number[], mine?: boolean }} Reaction */

/** @type {readonly number[]} */
const NOBODY = [];

/** @param {{ message: Message, canReact: boolean, actions: import("./message.js").MessageActions, tab: 0 | -1 }} props */
export function Reactions({ message, canReact, actions, tab }) {
  const add = (/** @type {MouseEvent & { currentTarget: HTMLElement }} */ event) =>
    actions.open(message, "react", event.currentTarget.getBoundingClientRect());
  return html`<div class="reactions" role="group" aria-label=${t("timeline.reactions")}>
    ${(message.reactions ?? []).map((one) => {
      const reaction = /** @type {Reaction} */ (one);
      const react = () => actions.react(message, reaction.emoji, !reaction.mine);
      return html`<${Chip} key=${reaction.emoji} reaction=${reaction} canReact=${canReact} react=${react} tab=${tab} />`;
    })}
    ${canReact && html`<button type="button" class="reaction is-add" tabindex=${tab} aria-label=${t("timeline.react")} onClick=${add}>${icon("react", { size: 16 })}</button>`}
  </div>`;
}

/** @param {{ reaction: Reaction, canReact: boolean, react: () => void, tab: 0 | -1 }} props */
function Chip({ reaction, canReact, react, tab }) {
  const { emoji, count, mine } = reaction;
  const requested = usePeople(tab === 0 ? (reaction.people ?? NOBODY) : NOBODY); // the names are needed once the pointer or the focus is near
  const who = useSelected((state) => whoReacts(state, reaction, requested));
  return html`<button type="button" class="reaction" tabindex=${tab} aria-pressed=${mine === true} disabled=${!canReact} title=${who} onClick=${react}>
    <span class="reaction-emoji">${emoji}</span>${count}<span class="visually-hidden">: ${who}</span>
  </button>`;
}

/** @param {State} state @param {Reaction} reaction @param {readonly (Person | undefined)[]} requested */
function whoReacts({ people, me }, { count, people: ids = [], mine }, requested) {
  const others = ids.filter((id) => id !== me?.id).map((id) => people.get(id) ?? requested.find((person) => person?.id === id));
  const named = others.filter((person) => person !== undefined).slice(0, 5).map(personName);
  const names = mine ? [t("timeline.you"), ...named] : named;
  const rest = count - names.length;
  if (rest <= 0) return names.join(", ");
  return names.length ? tn("timeline.andOthers", rest, { names: names.join(", ") }) : tn("timeline.people", rest);
}
