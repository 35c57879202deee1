// The bots of all people: whose they are, what they may do, where they are and when they were used; off, on, removed.

import { html, useState } from "../../vendor/preact.js";
import { aboutBot } from "../../features/bots/scopes.js";
import { t } from "../../i18n/index.js";
import { confirm } from "../controls/dialog.js";
import { FormError, MoreButton } from "../controls/fields.js";
import { useAction } from "../shared/action.js";
import { useChat } from "../shared/context.js";
import { usePages } from "../shared/loading.js";

/** @typedef {import("../../protocol").Bot} Bot */

export function BotsPart() {
  const chat = useChat();
  const [changed, setChanged] = useState(0);
  const { act, error, isBusy } = useAction();
  const pages = usePages(
    async (after) => {
      const query = new URLSearchParams({ limit: "50", ...(after && { after: String(after) }) });
      /** @type {import("../../protocol").AllBots} */
      const { bots, next } = await chat.call("GET", `/admin/bots?${query}`);
      return { items: bots, next };
    },
    [changed],
  );
  const change = async (/** @type {() => Promise<unknown>} */ deed) => {
    if (await act(deed)) setChanged(changed + 1);
  };
  const toggle = (/** @type {Bot} */ { id, off }) => change(() => chat.call("PATCH", `/bots/${id}`, { off: !off }));
  const remove = async (/** @type {Bot} */ { id, name }) => {
    const isSure = await confirm({ title: t("bots.remove_title", { name }), text: t("bots.remove_text"), action: t("bots.remove"), danger: true });
    if (isSure) await change(() => chat.call("DELETE", `/bots/${id}`));
  };
  return html`<p class="soft">${t("admin.bots_hint")}</p>
    <${FormError} text=${error || pages.error} />
    <ul class="list admin-hooks" aria-busy=${!pages.items}>
      ${pages.items?.map((bot) => html`<li class="row admin-hook admin-bot" key=${bot.id}>
        <span class="row-text">
          <span class="row-title"><bdi>${bot.name}</bdi> ${bot.off && html`<span class="tag is-disabled">${t("bots.off")}</span>`}</span>
          <span class="row-note">${t("bots.of", { name: bot.owner.name })} · ${aboutBot(bot)}</span>
          <span class="row-note">${bot.rooms?.map(({ name }) => name).join(", ") || t("bots.no_rooms")}</span>
        </span>
        <span class="row-end actions">
          <button type="button" class="button small quiet" disabled=${isBusy} aria-label=${t(bot.off ? "bots.switch_on_one" : "bots.switch_off_one", { name: bot.name })}
            onClick=${() => toggle(bot)}>${t(bot.off ? "bots.switch_on" : "bots.switch_off")}</button>
          <button type="button" class="button small quiet danger" disabled=${isBusy} aria-label=${t("admin.hooks_remove_one", { name: bot.name })}
            onClick=${() => remove(bot)}>${t("bots.remove")}</button>
        </span>
      </li>`)}
    </ul>
    ${pages.items?.length === 0 && html`<p class="settings-none">${t("admin.bots_none")}</p>`}
    <${MoreButton} pages=${pages} />`;
}
