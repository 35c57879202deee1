// The bar above the composer with the message that is replied to or edited.

import { html } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { useSelected } from "../shared/context.js";
import { icon } from "../controls/icon.js";
import { personName } from "../shared/names.js";
import { summaryOf, useMessage } from "../message/quote.js";

/** @typedef {import("../shared/composer_target.js").ComposerTarget} ComposerTarget */

/** @param {{ room: number, target: ComposerTarget, onClose: () => void }} props */
export function ComposerBar({ room, target, onClose }) {
  if (!target) return null;
  if ("reply" in target) return html`<${Bar} room=${room} seq=${target.reply} kind="reply" onClose=${onClose} />`;
  return html`<${Bar} room=${room} seq=${target.edit} kind="edit" onClose=${onClose} />`;
}

/** @param {{ room: number, seq: number, kind: "reply" | "edit", onClose: () => void }} props */
function Bar({ room, seq, kind, onClose }) {
  const message = useMessage(room, seq);
  const person = useSelected((state) => message && state.people.get(message.sender.id));
  const name = message ? personName(person ?? message.sender) : "…";
  return html`<div class="composer-bar">
    ${icon(kind, { size: 16 })}
    <span class="composer-bar-text" id="composer-target" dir="auto">
      <b>${kind === "reply" ? t("composer.replying", { name }) : t("composer.editing")}</b> ${message && summaryOf(message)}
    </span>
    <button type="button" class="icon-button" title=${t("common.cancel")} onClick=${onClose}>${icon("close", { size: 16 })}</button>
  </div>`;
}
