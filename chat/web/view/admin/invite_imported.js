// Imported people who have not come yet: how many, and a mail to each.

import { html, useState } from "../../vendor/preact.js";
import { language, t } from "../../i18n/index.js";
import { confirm } from "../controls/dialog.js";
import { FormError } from "../controls/fields.js";
import { useAction } from "../shared/action.js";
import { useChat } from "../shared/context.js";
import { useLoaded } from "../shared/loading.js";

/** @typedef {import("../../protocol").WaitingPeople} WaitingPeople */
/** @typedef {import("../../protocol").InvitedPeople} InvitedPeople */

export function InviteImported() {
  const chat = useChat();
  const { act, isBusy, error } = useAction();
  const [invited, setInvited] = useState(0);
  const { value, set } = useLoaded(() => /** @type {Promise<WaitingPeople>} */ (chat.call("GET", "/admin/imported-people")), []);
  if (!value?.can_invite || (!value.waiting && !invited)) return null;
  const number = (/** @type {number} */ count) => new Intl.NumberFormat(language()).format(count);
  const invite = async () => {
    const count = number(value.waiting);
    if (!(await confirm({ title: t("imported.title"), text: t("imported.text", { count }), action: t("imported.invite") }))) return;
    await act(async () => {
      for (let sent = invited, some = 1; some; ) {
        const done = /** @type {InvitedPeople} */ (await chat.call("POST", "/admin/imported-people/invite", { language: language() }));
        some = done.invited && done.waiting;
        setInvited((sent += done.invited));
        set({ ...value, waiting: done.waiting });
      }
    });
  };
  return html`<div class="actions">
      <span class="soft" role="status">${invited ? t("imported.invited", { count: number(invited) }) : t("imported.waiting", { count: number(value.waiting) })}</span>
      ${value.waiting > 0 && html`<button type="button" class="button" aria-disabled=${isBusy} onClick=${() => !isBusy && void invite()}>${t("imported.invite")}</button>`}
    </div>
    <${FormError} text=${error} />`;
}
