// The people that this person blocks.

import { html } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { useAction } from "../../view/shared/action.js";
import { avatar } from "../../view/controls/avatar.js";
import { useChat, useSelected } from "../../view/shared/context.js";
import { MoreButton, FormError } from "../../view/controls/fields.js";
import { usePages } from "../../view/shared/loading.js";
import { personName } from "../../view/shared/names.js";

export function Blocks() {
  const chat = useChat();
  const blocked = useSelected((state) => state.blocked);
  const { act, isBusy, error } = useAction();
  const pages = usePages(async (after) => {
    const { people, next } = /** @type {{ people: import("../../model/types").Person[], next?: number }} */ (
      await chat.call("GET", `/me/blocks${after ? `?after=${after}` : ""}`)
    );
    return { items: people, next };
  }, [blocked]);
  const unblock = async (/** @type {number} */ id) => {
    if (await act(() => chat.call("DELETE", `/me/blocks/${id}`))) pages.reload();
  };
  return html`
    <p class="soft">${t("blocks.text")}</p>
    <${FormError} text=${error} />
    ${pages.items?.length === 0 && html`<p class="settings-none">${t("blocks.none")}</p>`}
    <ul class="list" aria-busy=${!pages.items}>
      ${pages.items?.map(
        (person) => html`<li key=${person.id} class="row">
          ${avatar(person)}
          <span class="row-text"><bdi class="row-title">${personName(person)}</bdi></span>
          <button type="button" class="button small" disabled=${isBusy} aria-label=${t("blocks.unblock_one", { name: personName(person) })} onClick=${() => unblock(person.id)}>
            ${t("blocks.unblock")}
          </button>
        </li>`,
      )}
    </ul>
    <${MoreButton} pages=${pages} />
  `;
}
