// The reactions below a message: one button for each emoji, pressed if this person has reacted. The emoji in its menu.

import { html } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { parsePoll } from "../../model/poll.js";
import { useSelected } from "../../view/shared/context.js";
import { drawnEmoji, isCustom } from "../../view/controls/custom_emoji.js";
import { icon } from "../../view/controls/icon.js";
import { usePeople } from "../../view/shared/known_people.js";
import { noteEmoji, recentEmoji } from "../../view/shared/recent_emoji.js";
import { whoReacts } from "../../view/shared/who_reacts.js";

/** @typedef {import("../../model/types").Message} Message */
/** @typedef {import("../../model/types").Person} Person */
/** @typedef {import("../../model/types").State} State */
/** @typedef {import("../feature").MessageActions} MessageActions */
/** @typedef {{ emoji: string, count: number, people: readonly number[], mine?: boolean }} Reaction */

/** @type {readonly number[]} */
const NOBODY = [];

/** @param {MessageActions} actions @param {Message} message @param {string} emoji @param {boolean} on */
export function react(actions, { room, seq }, emoji, on) {
  if (on) noteEmoji(emoji);
  const custom = isCustom(emoji);
  actions.attempt((chat) => chat.request(custom ? "react_custom" : "react", { room, seq, ...(custom ? { name: emoji.slice(1, -1) } : { emoji }), on }));
}

/** @param {Message} message @param {string} emoji */
export function isMine({ reactions = [] }, emoji) {
  return reactions.some((one) => one.emoji === emoji && one.mine === true);
}

/** @param {import("../feature").MessagePartProps} props */
export function Reactions({ message, canSpeak, actions, tab, id }) {
  const poll = parsePoll(message.text); // it shows its own
  const shown = message.reactions?.filter(({ emoji }) => !poll?.options.some((each) => each.emoji === emoji));
  if (!shown?.length) return null;
  const add = (/** @type {MouseEvent & { currentTarget: HTMLElement }} */ event) =>
    actions.open(message, "react", event.currentTarget.getBoundingClientRect());
  const all = shown.map(({ emoji, count }) => `${emoji} ${count}`).join(", ");
  return html`<div class="reactions" id=${id} role="group" aria-label=${`${t("reactions.title")}: ${all}`}>
    ${shown.map((one) => {
      const reaction = /** @type {Reaction} */ (one);
      const toggle = () => react(actions, message, reaction.emoji, !reaction.mine);
      return html`<${Chip} key=${reaction.emoji} reaction=${reaction} canReact=${canSpeak} react=${toggle} tab=${tab} />`;
    })}
    ${canSpeak && html`<button type="button" class="reaction is-add touch-area" tabindex=${tab} aria-label=${t("reactions.react")} onClick=${add}>${icon("react", { size: 16 })}</button>`}
  </div>`;
}

/** @param {{ reaction: Reaction, canReact: boolean, react: () => void, tab: 0 | -1 }} props */
function Chip({ reaction, canReact, react, tab }) {
  const { emoji, count, mine } = reaction;
  const requested = usePeople(tab === 0 ? (reaction.people ?? NOBODY) : NOBODY); // the names are needed once the pointer or the focus is near
  const who = useSelected((state) => whoReacts(state, reaction, requested));
  return html`<button type="button" class="reaction touch-area" tabindex=${tab} aria-pressed=${mine === true} disabled=${!canReact} title=${who} onClick=${react}>
    <span class="reaction-emoji">${drawnEmoji(emoji)}</span>${count}
  </button>`;
}

/** The recently used emoji, and a button for all. @param {{ message: Message, actions: MessageActions, onClose: () => void }} props */
export function MenuRow({ message, actions, onClose }) {
  const action = actions.allowed(message).find(({ name }) => name === "react");
  if (!action) return null;
  const choose = (/** @type {string} */ emoji) => () => {
    onClose();
    react(actions, message, emoji, !isMine(message, emoji));
  };
  const all = (/** @type {MouseEvent & { currentTarget: HTMLElement }} */ event) => {
    const at = event.currentTarget.getBoundingClientRect();
    onClose();
    actions.act(action, message, at);
  };
  return html`<div class="recent-emoji" role="group" aria-label=${t("reactions.react")}>
    ${recentEmoji().map((emoji) => html`<button type="button" role="menuitem" tabindex="-1" class="emoji-button" onClick=${choose(emoji)}>${drawnEmoji(emoji)}</button>`)}
    <button type="button" role="menuitem" tabindex="-1" class="emoji-button" title=${t("reactions.all")} onClick=${all}>${icon("add")}</button>
  </div>`;
}
