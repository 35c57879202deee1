// A room's section: for how long its messages are kept, and a form for those who may change that.

import { html, useState } from "../../vendor/preact.js";
import { t, tn } from "../../i18n/index.js";
import { Field, Submit } from "../../view/controls/fields.js";
import { useAction } from "../../view/shared/action.js";
import { useChat, useSelected } from "../../view/shared/context.js";
import { useLoaded } from "../../view/shared/loading.js";

/** @typedef {import("../../model/types").RoomInfo} RoomInfo */
/** @typedef {import("../../protocol").RoomRetention} Rule */

/** @param {{ info: RoomInfo, rights: import("../../model/rights.js").Rights }} props */
export function RoomRule({ info, rights }) {
  const chat = useChat();
  const isAdmin = useSelected((state) => state.me?.roles?.includes("admin"));
  const path = `/rooms/${info.id}/retention`;
  const { value, set } = useLoaded(async () => /** @type {any} */ (await chat.call("GET", path)), [path]);
  const [isOpen, setOpen] = useState(false);
  const { act, error, isBusy } = useAction();
  const rule = /** @type {Rule | undefined} */ (value);
  if (!rule) return null;
  const mayChange = isAdmin || (rights.isOwner && (rule.rooms_keep !== "server" || rule.own));
  if (!mayChange && rule.days === 0) return null;
  const save = async (/** @type {number | null} */ days) => {
    const isDone = await act(async () => set(/** @type {any} */ (await chat.call("PUT", path, { days }))));
    if (isDone) setOpen(false);
  };
  return html`<section class="room-rule">
    <h3>${t("keep.title")}</h3>
    <p class="soft">${kept(rule.days)}${rule.own && html` · ${t("keep.own")}`}</p>
    ${mayChange && !isOpen && html`<button type="button" class="button quiet small" onClick=${() => setOpen(true)}>${t("keep.change")}</button>`}
    ${mayChange && isOpen && html`<${Form} ...${{ rule, error, isBusy, save, cancel: () => setOpen(false) }} />`}
  </section>`;
}

/**
 * @param {{ rule: Rule, error: string, isBusy: boolean, save: (days: number | null) => void, cancel: () => void }} props
 *   null: as on the server
 */
function Form({ rule, error, isBusy, save, cancel }) {
  const [text, setText] = useState(String(rule.days));
  const isWhole = /^\d{1,5}$/.test(text.trim());
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (isWhole) save(Number(text));
  };
  return html`<form onSubmit=${submit}>
    <${Field} label=${t("keep.days")} hint=${t("keep.hint")} error=${isWhole ? error : t("keep.whole")} value=${text} onInput=${setText} inputmode="numeric" autofocus=${true} />
    <${Submit} label=${t("keep.save")} isBusy=${isBusy} disabled=${!isWhole} />
    ${rule.own && html`<button type="button" class="button quiet" disabled=${isBusy} onClick=${() => save(null)}>${t("keep.as_server", { kept: kept(rule.server_days) })}</button>`}
    <button type="button" class="button quiet" onClick=${cancel}>${t("common.cancel")}</button>
  </form>`;
}

/** @param {number} days @returns {string} */
function kept(days) {
  return days === 0 ? t("keep.for_ever") : tn("keep.for_n", days);
}
