// Words that hold a message for review: those that there are, and a field for others.

import { html, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { Field, FormError, Submit } from "../controls/fields.js";
import { icon } from "../controls/icon.js";
import { useAction } from "../shared/action.js";
import { useChat } from "../shared/context.js";
import { useLoaded } from "../shared/loading.js";

export function ReviewWordsPart() {
  const chat = useChat();
  const { value, error, set } = useLoaded(async () => /** @type {any} */ (await chat.call("GET", "/admin/review-words")), []);
  const { act, error: failure, isBusy } = useAction();
  const found = /** @type {import("../../protocol").ReviewWords | undefined} */ (value);
  const change = (/** @type {{ add?: string[], remove?: string[] }} */ words) => act(async () => set(/** @type {any} */ (await chat.call("PATCH", "/admin/review-words", words))));
  return html`<p class="soft">${t("words.hint")}</p>
    <${AddWords} add=${(/** @type {string[]} */ add) => change({ add })} isBusy=${isBusy} />
    <${FormError} text=${error || failure} />
    <section class="settings-section">
      <h3>${t("words.list")}</h3>
      ${found?.words.length === 0 && html`<p class="soft">${t("words.none")}</p>`}
      <ul class="review-words">
        ${found?.words.map(
          (word) => html`<li key=${word}>
            <bdi>${word}</bdi>
            <button type="button" class="icon-button" disabled=${isBusy} aria-label=${t("words.remove", { word })} onClick=${() => change({ remove: [word] })}>${icon("close", { size: 16 })}</button>
          </li>`,
        )}
      </ul>
    </section>`;
}

/** @param {{ add: (words: string[]) => Promise<boolean>, isBusy: boolean }} props */
function AddWords({ add, isBusy }) {
  const [text, setText] = useState("");
  const words = text.split("\n").map((line) => line.trim()).filter(Boolean);
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (await add(words)) setText("");
  };
  return html`<form class="form" onSubmit=${submit}>
    <${Field} label=${t("words.new")} hint=${t("words.new_hint")} rows="4" value=${text} onInput=${setText} dir="auto" spellcheck=${false} autocapitalize="none" />
    <${Submit} label=${t("words.add")} isBusy=${isBusy} disabled=${words.length === 0} />
  </form>`;
}
