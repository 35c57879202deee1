// A room's files in its panel: the newest first, each with its message.

import { html, useRef } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { useChat, useSelected } from "../shared/context.js";
import { MoreButton } from "../controls/fields.js";
import { Download } from "../files/files.js";
import { usePages } from "../shared/loading.js";
import { personName } from "../shared/names.js";
import { messageTime } from "../shared/times.js";

/** @typedef {import("../../model/types").Message} Message */

/** Messages with files on a page. */
const PAGE = 5;

/** @param {{ info: import("../../model/types").RoomInfo }} props */
export function RoomFiles({ info }) {
  const chat = useChat();
  const newest = useNewest(info.last);
  const pages = usePages(async (after) => {
    const query = new URLSearchParams({ limit: String(PAGE), ...(after ? { after: String(after) } : {}) });
    const { messages, next } = /** @type {{ messages: Message[], next?: number }} */ (await chat.call("GET", `/rooms/${info.id}/files?${query}`));
    return { items: messages, next };
  }, [info.id, newest]);
  if (!pages.items?.length) return null; // the list of members shows errors, too
  return html`<section class="room-files" aria-labelledby="files-title">
    <h3 id="files-title">${t("room.files")}</h3>
    <ul class="list">
      ${pages.items?.map((message) => html`<${FilesOf} key=${message.seq} message=${message} />`)}
    </ul>
    <${MoreButton} pages=${pages} />
  </section>`;
}

/** @param {{ message: Message }} props */
function FilesOf({ message: { room, seq, at, sender, files } }) {
  const person = useSelected((state) => state.people.get(sender.id)) ?? sender;
  return html`<li>
    <a class="room-files-from" href=${`/room/${room}/${seq}`}><bdi>${personName(person)}</bdi>, ${messageTime(at)}</a>
    ${files?.map((file) => html`<${Download} key=${file.id} file=${file} />`)}
  </li>`;
}

/** The newest known message with files: when it changes, the list is loaded again. @param {Message | undefined} last */
function useNewest(last) {
  const newest = useRef(0);
  if (last?.files?.length) newest.current = last.seq;
  return newest.current;
}
