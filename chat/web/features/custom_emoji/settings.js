// The settings' list of the server's emoji, with a form that adds one.

import { html, useEffect, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { CustomEmoji } from "../../view/controls/custom_emoji.js";
import { confirm } from "../../view/controls/dialog.js";
import { Field, FormError, Submit } from "../../view/controls/fields.js";
import { icon } from "../../view/controls/icon.js";
import { useAction } from "../../view/shared/action.js";
import { useChat, useSelected } from "../../view/shared/context.js";
import { useLoaded } from "../../view/shared/loading.js";

/** @typedef {import("../../protocol").CustomEmojiList} CustomEmojiList */

/** Bytes of an image, as the server takes them. */
const MOST_BYTES = 131_072;

export function CustomEmojiList() {
  const chat = useChat();
  const me = useSelected((state) => state.me);
  const change = useSelected(({ server }) => server.emoji);
  const roles = me?.roles?.join() ?? ""; // with them changes who may add some
  const { value, error: unread } = useLoaded(() => chat.call("GET", "/emoji").then((list) => /** @type {CustomEmojiList} */ (list)), [change, roles]);
  const { act, isBusy, error } = useAction();
  const isAdmin = roles.includes("admin");
  const remove = async (/** @type {string} */ name) => {
    const isSure = await confirm({ title: t("custom_emoji.remove_title", { name: `:${name}:` }), text: t("custom_emoji.remove_text"), action: t("custom_emoji.remove"), danger: true });
    if (isSure) await act(() => chat.call("DELETE", `/emoji/${name}`));
  };
  return html`
    <p class="soft">${t("custom_emoji.text")}</p>
    ${value?.may_add && html`<${AddEmoji} />`}
    <${FormError} text=${error || unread} />
    ${value?.emoji.length === 0 && html`<p class="settings-none">${t("custom_emoji.none")}</p>`}
    <ul class="list custom-emoji-list" aria-busy=${!value}>
      ${value?.emoji.map(
        ({ name, maker }) => html`<li key=${name} class="row">
          <${CustomEmoji} code=${`:${name}:`} />
          <span class="row-text" dir="ltr">:${name}:</span>
          ${(isAdmin || maker === me?.id) && html`<button type="button" class="icon-button" disabled=${isBusy} title=${t("custom_emoji.remove_one", { name: `:${name}:` })} onClick=${() => remove(name)}>${icon("trash")}</button>`}
        </li>`,
      )}
    </ul>`;
}

function AddEmoji() {
  const chat = useChat();
  const { act, isBusy, error, field } = useAction();
  const [name, setName] = useState("");
  const [file, setFile] = useState(/** @type {File | null} */ (null));
  const [shown, setShown] = useState("");
  const [round, setRound] = useState(0); // an emptied field for the next file
  useEffect(() => {
    if (!file) return setShown("");
    const address = URL.createObjectURL(file);
    setShown(address);
    return () => URL.revokeObjectURL(address);
  }, [file]);
  const choose = (/** @type {any} */ event) => {
    const chosen = /** @type {File | undefined} */ (event.target.files[0]);
    setFile(chosen ?? null);
    if (chosen && !name) setName(nameOf(chosen.name));
  };
  const isTooBig = file !== null && file.size > MOST_BYTES;
  const add = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (!file || isTooBig || !(await act(() => chat.call("PUT", `/emoji/${encodeURIComponent(name.trim())}`, file)))) return;
    setName("");
    setFile(null);
    setRound(round + 1);
  };
  return html`<form class="form custom-emoji-form" onSubmit=${add}>
    <div class="field">
      <label for="custom-emoji-image">${t("custom_emoji.image")}</label>
      <input key=${round} id="custom-emoji-image" type="file" accept="image/png,image/webp,image/gif" onChange=${choose} />
    </div>
    ${shown && html`<img class="custom-emoji-preview" src=${shown} alt="" />`}
    <${Field} label=${t("custom_emoji.name")} hint=${t("custom_emoji.name_hint")} value=${name} onInput=${(/** @type {string} */ text) => setName(text.toLowerCase())} error=${field === "name" ? error : ""} maxlength="32" dir="ltr" autocapitalize="none" spellcheck=${false} />
    <${FormError} text=${isTooBig ? t("refusal.emoji_too_big").replace("#", String(MOST_BYTES)) : field === "name" ? "" : error} />
    <${Submit} label=${t("custom_emoji.add")} isBusy=${isBusy} disabled=${!file || name.trim().length < 2 || isTooBig} />
  </form>`;
}

/** A name from that of a file. @param {string} file */
function nameOf(file) {
  return file.toLowerCase().replace(/\.[a-z]+$/, "").replaceAll(/[^a-z0-9_-]+/g, "_").slice(0, 32);
}
