// Folds a long quote that ends a message, as the history below an answer by mail.

import { html } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { endsInLongQuote } from "../../model/text.js";

/** @type {import("./message_text.js").Fold} */
export function foldQuote(parts, shown, tab) {
  if (!endsInLongQuote(parts)) return shown;
  return [...shown.slice(0, -1), html`<details class="folded-quote"><summary tabindex=${tab}>${t("timeline.quoted")}</summary>${shown.at(-1)}</details>`];
}
