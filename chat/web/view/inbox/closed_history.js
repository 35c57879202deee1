// The messages of a closed conversation. Operators are not in its room, so they are requested and not stored.

import { html, useEffect, useLayoutEffect, useRef } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { RatingLine, readRatingsWhileShown } from "../../features/ratings/line.js";
import { SupportLines } from "../../features/support/lines.js";
import { notesIn, readNotesWhileShown } from "../../features/support/notes.js";
import { visitor } from "../../model/support_queue.js";
import { avatar } from "../controls/avatar.js";
import { useChat, useSelected } from "../shared/context.js";
import { MoreButton } from "../controls/fields.js";
import { Files } from "../files/files.js";
import { useLoaded, usePages } from "../shared/loading.js";
import { personName } from "../shared/names.js";
import { MessageText } from "../message/message_text.js";
import { dayAndTime, messageTime } from "../shared/times.js";

/** @param {{ info: import("../../model/types").RoomInfo }} props */
export function ClosedHistory({ info }) {
  const chat = useChat();
  const room = info.id;
  const people = useSelected((state) => state.people);
  const writer = visitor(info);
  const known = (/** @type {{ id: number, name: string }} */ sender) => (sender.id === writer.id ? writer : (people.get(sender.id) ?? sender));
  const pages = usePages(
    async (before) => {
      /** @type {import("../../protocol").Messages} */
      const { messages, first } = await chat.call("GET", `/rooms/${room}/messages?limit=50${before ? `&before=${before}` : ""}`);
      return { items: messages.toReversed(), next: first ? undefined : messages[0]?.seq };
    },
    [room],
  );
  /** @type {import("../../protocol").SupportStep[]} */
  const steps = useLoaded(async () => /** @type {any} */ (await chat.call("GET", `/support/${room}/changes`)).changes, [room]).value ?? [];
  const notes = useSelected((state) => notesIn(state, room));
  useEffect(() => readNotesWhileShown(chat, room), [chat, room]);
  useEffect(() => readRatingsWhileShown(chat, room), [chat, room]);
  const shown = pages.items?.toReversed() ?? [];
  const place = useRef(/** @type {HTMLElement | null} */ (null));
  const isLoaded = Boolean(pages.items);
  useLayoutEffect(() => place.current?.scrollTo(0, place.current.scrollHeight), [isLoaded]);
  return html`<div ref=${place} class="past" tabindex="0" role="region" aria-label=${t("inbox.said")}>
    <${MoreButton} pages=${pages} />
    ${!pages.items && !pages.error && html`<span class="spinner"></span>`}
    <ol class="list">
      ${shown.map(
        (message, index) => html`<li key=${message.seq} class="past-message">
          <span class="past-picture">${avatar(known(message.sender))}</span>
          <p><bdi class="past-name">${personName(known(message.sender))}</bdi> <time class="soft small" title=${dayAndTime(message.at)}>${messageTime(message.at)}</time></p>
          ${message.deleted
            ? html`<p class="soft">${t("inbox.deleted")}</p>`
            : html`${message.text && html`<${MessageText} message=${message} />`}
                ${message.files?.length ? html`<${Files} files=${message.files} />` : null}`}
          <${SupportLines} steps=${steps} person=${writer.id} from=${message.at} until=${shown[index + 1]?.at ?? Infinity}
            room=${room} notes=${notes.filter(({ seq }) => seq === message.seq)} />
          <${RatingLine} room=${room} seq=${message.seq} person=${writer} />
        </li>`,
      )}
    </ol>
  </div>`;
}
