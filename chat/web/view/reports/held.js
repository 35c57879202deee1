// Messages that are held for review, for moderators: those that wait, and those of the last 90 days that were not sent.

import { html, useState } from "../../vendor/preact.js";
import { heldOf } from "../../features/review/changes.js";
import { t } from "../../i18n/index.js";
import { avatar } from "../controls/avatar.js";
import { FormError, MoreButton } from "../controls/fields.js";
import { icon } from "../controls/icon.js";
import { FileName } from "../files/file_name.js";
import { useAction } from "../shared/action.js";
import { useChat, useSelected } from "../shared/context.js";
import { usePages } from "../shared/loading.js";
import { personName, roomName } from "../shared/names.js";
import { problemText } from "../shared/problem.js";
import { dayAndTime, messageTime } from "../shared/times.js";

/** @typedef {import("../../protocol").HeldMessage} HeldMessage */

/** @param {{ onDone: (what: string) => void }} props called when one was reviewed, and its buttons are gone */
export function Held({ onDone }) {
  const chat = useChat();
  const [isHandled, setHandled] = useState(false);
  const changes = useSelected((state) => heldOf(state).changes);
  const pages = usePages(
    async (after) => {
      const query = new URLSearchParams({ state: isHandled ? "handled" : "waiting", ...(after && { after: String(after) }) });
      const { held, next } = /** @type {import("../../protocol").HeldPage} */ (await chat.call("GET", `/held?${query}`));
      return { items: held.map((one) => ({ isHandled, one })), next };
    },
    [isHandled, changes],
  );
  const items = pages.items?.filter((item) => item.isHandled === isHandled); // not those of the other list, while this one is read
  const isReading = !pages.error && (!items || (items.length === 0 && Boolean(pages.items?.length)));
  const onReviewed = (/** @type {number} */ id, /** @type {string} */ what) => {
    pages.update((all) => all.filter(({ one }) => one.id !== id));
    onDone(what);
  };
  return html`
    ${isReading && html`<div class="empty" aria-busy="true"><span class="spinner"></span></div>`}
    ${!isReading &&
    items?.length === 0 &&
    !pages.hasMore &&
    html`<div class="empty" role="status">${icon("check", { size: 32 })}
      <h2>${t("review.none")}</h2>
      <p>${t("review.none_hint")}</p>
    </div>`}
    <ol class="list reports-list" aria-label=${t("review.waiting")} aria-busy=${isReading}>
      ${items?.map(({ one }) => html`<${One} key=${one.id} held=${one} onReviewed=${onReviewed} />`)}
    </ol>
    <${MoreButton} pages=${pages} />
    <p><button type="button" class="button quiet small" aria-pressed=${isHandled} onClick=${() => setHandled(!isHandled)}>${t(isHandled ? "review.hide_handled" : "review.show_handled")}</button></p>
  `;
}

/** @param {{ held: HeldMessage, onReviewed: (id: number, what: string) => void }} props */
function One({ held, onReviewed }) {
  const chat = useChat();
  const { act, isBusy, error } = useAction();
  const { id, text = "", files = [], word = "", at, seq } = held;
  const author = useSelected((state) => state.people.get(held.author.id)) ?? held.author;
  const room = useSelected((state) => state.rooms.get(held.room)?.info);
  const place = room ? roomName(room) : (held.name ?? "");
  const label = t(seq === undefined ? "review.one" : "review.one_edit", { name: personName(author) });
  const review = async (/** @type {boolean} */ allow) => {
    if (await act(() => chat.call("PUT", `/held/${id}`, { allow }))) onReviewed(id, t(allow ? "review.allowed" : "review.done"));
  };
  return html`<li class="report" aria-label=${label}>
    <header class="report-head">
      ${avatar({ ...author })}
      <div class="report-about">
        <bdi class="report-name">${personName(author)}</bdi>
        <p class="report-place">
          <bdi class="tag">${place}</bdi>
          <time datetime=${new Date(at).toISOString()} title=${dayAndTime(at)}>${messageTime(at)}</time>
        </p>
      </div>
      <a class="button quiet small" href=${seq === undefined ? `/room/${held.room}` : `/room/${held.room}/${seq}`}>${t(seq === undefined ? "reports.open_room" : "reports.open_message")}</a>
    </header>
    <blockquote class="report-quote" dir="auto" tabindex="0" aria-label=${label}>${text}${files.map(
      (file, i) => html`<span class="report-file" key=${i}>${icon("file", { size: 16 })} <${FileName} name=${file} /></span>`,
    )}</blockquote>
    <p class="soft small" dir="auto">${t("review.word", { word })}</p>
    <${FormError} text=${error} />
    ${held.handled
      ? html`<${Outcome} held=${held} />`
      : html`<div class="actions">
          <button type="button" class="button small primary" disabled=${isBusy} onClick=${() => review(true)}>${t("review.allow")}</button>
          <button type="button" class="button small danger" disabled=${isBusy} onClick=${() => review(false)}>${t("review.remove")}</button>
        </div>`}
  </li>`;
}

/** @param {{ held: HeldMessage }} props */
function Outcome({ held: { by, refused } }) {
  const name = by ? personName(by) : t("reports.somebody");
  const said = refused ? t("review.not_sent", { name, why: problemText({ ...refused, message: refused.text }) }) : t("review.removed_by", { name });
  return html`<p class="report-done">${icon(refused ? "warning" : "check", { size: 18 })} <span>${said}</span></p>`;
}
