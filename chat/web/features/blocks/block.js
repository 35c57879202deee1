// Blocks a person, after a confirmation, or unblocks them.

import { html } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { useAction } from "../../view/shared/action.js";
import { useChat, useSelected } from "../../view/shared/context.js";
import { confirm } from "../../view/controls/dialog.js";
import { FormError } from "../../view/controls/fields.js";
import { icon } from "../../view/controls/icon.js";
import { personName } from "../../view/shared/names.js";

/** @param {{ person: import("../../model/types").Person }} props */
export function Block({ person }) {
  const chat = useChat();
  const isBlocked = useSelected((state) => state.blocked.has(person.id));
  const { act, isBusy, error } = useAction();
  const name = personName(person);
  const change = async () => {
    const isSure = isBlocked || (await confirm({ title: t("blocks.block_title", { name }), text: t("blocks.block_text"), action: t("blocks.block"), danger: true }));
    if (isSure) await act(() => chat.call(isBlocked ? "DELETE" : "PUT", `/me/blocks/${person.id}`));
  };
  return html`
    <button type="button" class=${`button quiet ${isBlocked ? "" : "danger"}`} disabled=${isBusy} onClick=${change}>
      ${icon("block")} ${t(isBlocked ? "blocks.unblock" : "blocks.block")}
    </button>
    <${FormError} text=${error} />
  `;
}
