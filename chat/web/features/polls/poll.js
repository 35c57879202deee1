// A poll in the timeline: its question, a bar for each option, and one's own vote.

import { html } from "../../vendor/preact.js";
import { t, tn } from "../../i18n/index.js";
import { countOf, parsePoll, textOfClosed } from "../../model/poll.js";
import { confirm } from "../../view/controls/dialog.js";
import { icon } from "../../view/controls/icon.js";
import { useSelected } from "../../view/shared/context.js";
import { usePeople } from "../../view/shared/known_people.js";
import { whoReacts } from "../../view/shared/who_reacts.js";

/** @typedef {import("../../model/poll.js").Poll} Poll */

/** @type {readonly number[]} */
const NOBODY = [];

/** @param {import("../feature").MessagePartProps} props */
export function Poll({ message, canSpeak, actions, tab }) {
  const isOwn = useSelected((state) => state.me?.id === message.sender.id);
  const poll = /** @type {Poll} */ (parsePoll(message.text)); // its `isFor` has found one
  const votes = message.reactions ?? [];
  const counts = poll.options.map(({ emoji, count }) => count ?? countOf(votes, emoji));
  const all = counts.reduce((sum, count) => sum + count, 0);
  const vote = (/** @type {string} */ emoji, /** @type {boolean} */ isMine) =>
    actions.attempt(async (chat) => {
      const others = poll.isMultiple || isMine ? [] : poll.options.filter((each) => votes.some((one) => one.mine && one.emoji === each.emoji));
      const ask = (/** @type {string} */ emoji, /** @type {boolean} */ on) => chat.request("react", { room: message.room, seq: message.seq, emoji, on });
      await Promise.all([...others.map((each) => ask(each.emoji, false)), ask(emoji, !isMine)]); // the server takes them in this order
    });
  const close = async () => {
    const isSure = await confirm({ title: t("polls.close_title"), text: t("polls.close_text"), action: t("polls.close") });
    if (isSure) actions.attempt((chat) => chat.edit(message.room, message.seq, textOfClosed(poll, votes)));
  };
  return html`<div class="poll" role="group" aria-label=${poll.question}>
    <p class="poll-question" dir="auto">${poll.question}</p>
    <ul>
      ${poll.options.map(({ emoji, text }, i) => {
        const mine = votes.find((each) => each.emoji === emoji)?.mine === true;
        return html`<${Option} key=${emoji} reaction=${votes.find((each) => each.emoji === emoji)} text=${text} count=${counts[i]} share=${all ? counts[i] / all : 0}
          isMine=${mine} isRound=${!poll.isMultiple} canVote=${canSpeak && !poll.isClosed} tab=${tab} vote=${() => vote(emoji, mine)} />`;
      })}
    </ul>
    <p class="poll-foot">
      ${poll.isClosed && html`<span>${icon("lock", { size: 14 })} ${t("polls.closed")}</span>`}
      <span>${tn("polls.votes", all)}</span>
      ${!poll.isClosed && poll.isMultiple && html`<span>${t("polls.several_hint")}</span>`}
      ${!poll.isClosed && isOwn && html`<button type="button" class="link-button" tabindex=${tab} onClick=${close}>${t("polls.close")}</button>`}
    </p>
  </div>`;
}

/**
 * @param {{
 *   reaction?: { emoji: string, count: number, people?: readonly number[], mine?: boolean }, text: string, count: number, share: number,
 *   isMine: boolean, isRound: boolean, canVote: boolean, tab: 0 | -1, vote: () => void,
 * }} props
 */
function Option({ reaction, text, count, share, isMine, isRound, canVote, tab, vote }) {
  const requested = usePeople(tab === 0 ? (reaction?.people ?? NOBODY) : NOBODY); // the names are needed once the pointer or the focus is near
  const who = useSelected((state) => (reaction ? whoReacts(state, /** @type {any} */ (reaction), requested) : ""));
  return html`<li>
    <button type="button" class="poll-option" tabindex=${tab} aria-pressed=${isMine} disabled=${!canVote} title=${who} onClick=${vote}>
      <span class="poll-bar" style=${{ inlineSize: `${share * 100}%` }}></span>
      <span class=${`poll-choice ${isRound ? "is-round" : ""}`} aria-hidden="true">${isMine && icon("check", { size: 14 })}</span>
      <span class="poll-text" dir="auto">${text}</span>
      <span class="poll-count">${count}<span class="visually-hidden"> ${tn("polls.votes_word", count)}</span></span>
    </button>
  </li>`;
}
