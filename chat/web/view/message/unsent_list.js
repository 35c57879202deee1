// One's own messages that are not sent, where their room is not shown because one is not in it any more.

import { html } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { useSelected } from "../shared/context.js";
import { PendingRow } from "./pending_row.js";

/** @param {{ room: number }} props */
export function Unsent({ room }) {
  const me = useSelected((state) => state.me);
  const pending = useSelected((state) => state.outbox.filter((each) => each.room === room));
  if (!me || pending.length === 0) return null;
  return html`<ol class="list unsent" aria-label=${t("timeline.unsent")}>
    ${pending.map((one, i) => html`<${PendingRow} key=${one.key} pending=${one} me=${me} isFirst=${i === 0} goTo=${nowhere} />`)}
  </ol>`;
}

/** What is answered is not shown. */
function nowhere() {}
