// One's own messages that are not sent, where their room is not shown because one is not in it any more.

import { html } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { useSelected } from "../shared/context.js";
import { WaitingRow } from "./pending_row.js";

/** @param {{ room: number }} props */
export function Unsent({ room }) {
  const me = useSelected((state) => state.me);
  const waiting = useSelected((state) => state.outbox.filter((each) => each.room === room));
  if (!me || waiting.length === 0) return null;
  return html`<ol class="list unsent" aria-label=${t("timeline.unsent")}>
    ${waiting.map((one, i) => html`<${WaitingRow} key=${one.key} waiting=${one} me=${me} isFirst=${i === 0} goTo=${nowhere} />`)}
  </ol>`;
}

/** What is answered is not shown. */
function nowhere() {}
