// The dialog for a new message: to one person, or to several, who have a room together then.

import { html, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { avatar } from "../controls/avatar.js";
import { Dialog } from "../controls/dialog.js";
import { Field, FormError, MoreButton } from "../controls/fields.js";
import { icon } from "../controls/icon.js";
import { useAction } from "../shared/action.js";
import { useChat, useSelected } from "../shared/context.js";
import { personName } from "../shared/names.js";
import { navigate } from "../shared/router.js";
import { openDirect, usePeople } from "./find_person.js";

/** @typedef {import("../../model/types").Person} Person */

/** People of a group besides oneself. */
const FEWEST = 2;
const MOST = 8;

/** @param {{ onClose: () => void }} props */
export function NewMessage({ onClose }) {
  const chat = useChat();
  const { act, isBusy, error } = useAction();
  const hasGroups = useSelected((state) => state.server.features.includes("groups"));
  const [text, setText] = useState("");
  const [chosen, setChosen] = useState(/** @type {readonly Person[]} */ ([]));
  const pages = usePeople(text);
  const isIn = (/** @type {Person} */ person) => chosen.some(({ id }) => id === person.id);
  const isFull = chosen.length === MOST;
  const toggle = (/** @type {Person} */ person) => {
    if (isIn(person)) setChosen(chosen.filter(({ id }) => id !== person.id));
    else if (!isFull) {
      setChosen([...chosen, person]);
      setText("");
    }
  };
  const write = (/** @type {Person} */ person) =>
    act(async () => {
      await openDirect(chat, person.id);
      onClose();
    });
  const start = () =>
    act(async () => {
      const room = /** @type {import("../../model/types").RoomInfo} */ (await chat.call("PUT", "/direct", { people: chosen.map(({ id }) => id) }));
      navigate(`/room/${room.id}`);
      onClose();
    });
  return html`<${Dialog} title=${t("find.title")} onClose=${onClose}>
    <div class="form">
      ${chosen.length > 0 &&
      html`<ul class="find-chosen" aria-label=${t("find.chosen")}>
        ${chosen.map((person) => html`<li key=${person.id}>
          <button type="button" class="button quiet small" title=${t("find.remove", { name: personName(person) })} onClick=${() => toggle(person)}>
            <bdi>${personName(person)}</bdi> ${icon("close", { size: 14 })}
          </button>
        </li>`)}
      </ul>`}
      <${Field} label=${t("find.name")} type="search" value=${text} onInput=${setText} autofocus />
      <${FormError} text=${error} />
      ${pages.items?.length === 0 && html`<p class="soft">${text.trim() ? t("find.none", { name: text.trim() }) : t("find.nobody")}</p>`}
      <ul class="list find-list" aria-busy=${!pages.items}>
        ${pages.items?.map((person) => {
          const label = t(isIn(person) ? "find.remove" : "find.add", { name: personName(person) });
          return html`<li key=${person.id} class="find-row">
            <button type="button" class="row" disabled=${isBusy} onClick=${() => (chosen.length ? toggle(person) : write(person))}>
              ${avatar(person)}
              <span class="row-text">
                <bdi class="row-title">${personName(person)}</bdi>
                ${person.display && html`<bdi class="row-note">${person.name}</bdi>`}
              </span>
            </button>
            ${hasGroups &&
            html`<button type="button" class=${`icon-button ${isIn(person) ? "is-on" : ""}`} title=${label} aria-label=${label} disabled=${isBusy || (isFull && !isIn(person))} onClick=${() => toggle(person)}>
              ${icon(isIn(person) ? "check" : "add")}
            </button>`}
          </li>`;
        })}
      </ul>
      <${MoreButton} pages=${pages} />
      ${chosen.length > 0 &&
      html`<p class="soft small">${t(isFull ? "find.full" : chosen.length < FEWEST ? "find.more" : "find.fixed")}</p>
        <button type="button" class="button primary wide" disabled=${isBusy || chosen.length < FEWEST} onClick=${start}>${t("find.start")}</button>`}
    </div>
  <//>`;
}
