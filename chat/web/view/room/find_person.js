// The dialog that finds a person: to write to them directly, or for `onPick`.

import { html, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { useAction } from "../shared/action.js";
import { avatar } from "../controls/avatar.js";
import { useChat, useSelected } from "../shared/context.js";
import { Dialog } from "../controls/dialog.js";
import { Field, MoreButton, FormError } from "../controls/fields.js";
import { usePages } from "../shared/loading.js";
import { personName } from "../shared/names.js";
import { navigate } from "../shared/router.js";

/** @typedef {import("../../model/types").Person} Person */
/** @typedef {import("../shared/context.js").Chat} Chat */

/**
 * @param {{ onClose: () => void, title?: string, onPick?: (person: Person) => Promise<unknown> }} props
 */
export function FindPerson({ onClose, title = t("find.title"), onPick }) {
  const chat = useChat();
  const { act, isBusy, error } = useAction();
  const [text, setText] = useState("");
  const pages = usePeople(text);
  const pick = (/** @type {Person} */ person) =>
    act(async () => {
      if (onPick) await onPick(person);
      else await openDirect(chat, person.id);
      onClose();
    });
  return html`<${Dialog} title=${title} onClose=${onClose}>
    <div class="form">
      <${Field} label=${t("find.name")} type="search" value=${text} onInput=${setText} autofocus />
      <${FormError} text=${error} />
      ${pages.items?.length === 0 && html`<p class="soft">${text.trim() ? t("find.none", { name: text.trim() }) : t("find.nobody")}</p>`}
      <ul class="list find-list" aria-busy=${!pages.items}>
        ${pages.items?.map(
          (person) => html`<li key=${person.id}>
            <button type="button" class="row" disabled=${isBusy} onClick=${() => pick(person)}>
              ${avatar(person)}
              <span class="row-text">
                <bdi class="row-title">${personName(person)}</bdi>
                ${person.display && html`<bdi class="row-note">${person.name}</bdi>`}
              </span>
            </button>
          </li>`,
        )}
      </ul>
      <${MoreButton} pages=${pages} />
    </div>
  <//>`;
}

/**
 * Other people by a part of their name, page by page.
 * @param {string} text
 */
export function usePeople(text) {
  const chat = useChat();
  const me = useSelected((state) => state.me?.id);
  return usePages(async (after) => {
    const query = new URLSearchParams({ ...(text.trim() && { q: text.trim() }), ...(after && { after: String(after) }) });
    const { people, next } = /** @type {{ people: Person[], next?: number }} */ (await chat.call("GET", `/people?${query}`));
    return { items: people.filter((person) => person.id !== me), next };
  }, [text]);
}

/**
 * Open the direct room with a person; the server creates it the first time.
 * @param {Chat} chat
 * @param {number} person
 */
export async function openDirect(chat, person) {
  const room = /** @type {import("../../model/types").RoomInfo} */ (await chat.call("PUT", `/direct/${person}`));
  navigate(`/room/${room.id}`);
}
