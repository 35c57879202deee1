// The dialog with the versions of an edited message, the newest first.

import { html, useEffect, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { useChat } from "../shared/context.js";
import { Dialog } from "../controls/dialog.js";
import { problemText } from "../shared/problem.js";
import { MessageText } from "./message_text.js";
import { dayAndTime } from "../shared/times.js";

/** @typedef {{ at: number, text: string }} Edit */

/** @param {{ message: import("../../model/types").Message, onClose: () => void }} props */
export function Edits({ message: { room, seq, pos }, onClose }) {
  const chat = useChat();
  const [edits, setEdits] = useState(/** @type {Edit[] | null} */ (null));
  const [failure, setFailure] = useState("");
  useEffect(() => {
    /** @type {Promise<{ edits: Edit[] }>} */ (chat.call("GET", `/rooms/${room}/messages/${seq}/edits`)).then(
      (answer) => setEdits(answer.edits.toReversed()),
      (error) => setFailure(problemText(error)),
    );
  }, [chat, room, seq, pos]);
  return html`<${Dialog} title=${t("timeline.edits")} onClose=${onClose}>
    ${failure && html`<p class="notice danger" role="alert">${failure}</p>`}
    ${!failure && edits === null && html`<span class="spinner" role="status" aria-label=${t("common.loading")}></span>`}
    <ol class="list edits">
      ${edits?.map((edit, i) => html`<li key=${edit.at}>
        <p class="soft small">${i === 0 ? t("timeline.editNow", { time: dayAndTime(edit.at) }) : dayAndTime(edit.at)}</p>
        <${MessageText} message=${edit} />
      </li>`)}
    </ol>
  <//>`;
}
