// The pending messages of a room that this person is no longer in.

import { html } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { useSelected } from "../shared/context.js";
import { PendingRow } from "./pending_row.js";

/** @param {{ room: number }} props */
export function UnsentList({ room }) {
  const me = useSelected((state) => state.me);
  const pending = useSelected((state) => state.outbox.filter((each) => each.room === room));
  if (!me || pending.length === 0) return null;
  return html`<ol class="list unsent" aria-label=${t("timeline.unsent")}>
    ${pending.map((one, i) => html`<${PendingRow} key=${one.key} pending=${one} me=${me} isFirst=${i === 0} goTo=${doNothing} />`)}
  </ol>`;
}

/** The quoted message cannot be shown here. */
function doNothing() {}
