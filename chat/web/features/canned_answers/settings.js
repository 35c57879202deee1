// The settings' list of canned answers: one's own, and the shared ones, which admins change.

import { html, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { preview } from "../../model/text.js";
import { confirm, Dialog } from "../../view/controls/dialog.js";
import { Field, FormError, Submit } from "../../view/controls/fields.js";
import { icon } from "../../view/controls/icon.js";
import { useAction } from "../../view/shared/action.js";
import { useChat, useSelected } from "../../view/shared/context.js";
import { useLoaded } from "../../view/shared/loading.js";
import { forgetAnswers, readAnswers } from "./answers.js";
import { compare } from "./matching.js";

/** @typedef {import("../../protocol").CannedAnswer} CannedAnswer */
/** @typedef {{ answer?: CannedAnswer, isShared: boolean }} Edited without `answer` it is a new one */

const VARIABLES = { visitor: "{visitor}", operator: "{operator}", page: "{page}" };

export function CannedAnswers() {
  const chat = useChat();
  const me = useSelected((state) => state.me);
  const { value, error, reload } = useLoaded(() => readAnswers(chat), []);
  const [edited, setEdited] = useState(/** @type {Edited | null} */ (null));
  const isOperator = Boolean(me?.roles?.includes("operator"));
  const isAdmin = Boolean(me?.roles?.includes("admin"));
  const changed = () => {
    forgetAnswers();
    reload();
  };
  const list = (/** @type {boolean} */ isShared) => value?.filter(({ shared = false }) => shared === isShared).sort(compare);
  return html`
    <p class="soft">${t("canned.text", VARIABLES)}</p>
    <${FormError} text=${error} />
    ${isOperator && html`<${Answers} title=${t("canned.own")} none=${t("canned.no_own")} add=${t("canned.add")} answers=${list(false)} canChange
      onEdit=${(/** @type {CannedAnswer | undefined} */ answer) => setEdited({ answer, isShared: false })} onChanged=${changed} />`}
    <${Answers} title=${t("canned.shared")} none=${t("canned.no_shared")} add=${t("canned.add_shared")} answers=${list(true)} canChange=${isAdmin}
      onEdit=${(/** @type {CannedAnswer | undefined} */ answer) => setEdited({ answer, isShared: true })} onChanged=${changed} />
    ${edited && html`<${EditAnswer} ...${edited} onClose=${() => setEdited(null)} onChanged=${changed} />`}
  `;
}

/**
 * @param {{
 *   title: string, none: string, add: string, answers: CannedAnswer[] | undefined, canChange: boolean,
 *   onEdit: (answer?: CannedAnswer) => void, onChanged: () => void,
 * }} props
 */
function Answers({ title, none, add, answers, canChange, onEdit, onChanged }) {
  const chat = useChat();
  const { act, isBusy, error } = useAction();
  const remove = async (/** @type {CannedAnswer} */ { id, shortcut }) => {
    const isSure = await confirm({ title: t("canned.remove_title", { shortcut }), action: t("canned.remove"), danger: true });
    if (isSure && (await act(() => chat.call("DELETE", `/support/answers/${id}`)))) onChanged();
  };
  return html`<section class="settings-section" aria-label=${title}>
    <h3>${title}</h3>
    ${answers?.length === 0 && html`<p class="settings-none">${none}</p>`}
    <ul class="list" aria-busy=${!answers}>
      ${answers?.map(
        (answer) => html`<li key=${answer.id} class="row canned-answer">
          <span class="row-text">
            <bdi class="row-title">/${answer.shortcut}</bdi>
            <span class="row-note" dir="auto">${preview(answer.text)}</span>
          </span>
          ${
            canChange &&
            html`<button type="button" class="icon-button" disabled=${isBusy} title=${t("canned.edit")} aria-label=${t("canned.edit_one", { shortcut: answer.shortcut })}
                onClick=${() => onEdit(answer)}>${icon("edit")}</button>
              <button type="button" class="icon-button" disabled=${isBusy} title=${t("canned.remove")} aria-label=${t("canned.remove_one", { shortcut: answer.shortcut })}
                onClick=${() => remove(answer)}>${icon("trash")}</button>`
          }
        </li>`,
      )}
    </ul>
    <${FormError} text=${error} />
    ${canChange && html`<button type="button" class="button" onClick=${() => onEdit()}>${icon("add")} ${add}</button>`}
  </section>`;
}

/** @param {Edited & { onClose: () => void, onChanged: () => void }} props */
function EditAnswer({ answer, isShared, onClose, onChanged }) {
  const chat = useChat();
  const { act, isBusy, error, field } = useAction();
  const [shortcut, setShortcut] = useState(answer?.shortcut ?? "");
  const [text, setText] = useState(answer?.text ?? "");
  const title = answer ? t("canned.edit_one", { shortcut: answer.shortcut }) : t(isShared ? "canned.add_shared" : "canned.add");
  const save = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const about = { shortcut: shortcut.trim().replace(/^\//, ""), text };
    const saved = await act(() =>
      answer ? chat.call("PATCH", `/support/answers/${answer.id}`, about) : chat.call("POST", "/support/answers", { ...about, shared: isShared }),
    );
    if (!saved) return;
    onChanged();
    onClose();
  };
  const isOfField = field === "shortcut" || field === "text";
  return html`<${Dialog} title=${title} onClose=${onClose}>
    <form class="form" onSubmit=${save}>
      <${Field} label=${t("canned.shortcut")} hint=${t("canned.shortcut_hint")} value=${shortcut} onInput=${setShortcut} error=${field === "shortcut" ? error : ""}
        maxlength="33" autocapitalize="none" spellcheck=${false} required autofocus />
      <${Field} label=${t("canned.answer")} hint=${t("canned.variables", VARIABLES)} rows="7" value=${text} onInput=${setText} error=${field === "text" ? error : ""}
        maxlength="4000" required />
      <${FormError} text=${isOfField ? "" : error} />
      <div class="dialog-actions">
        <button type="button" class="button" onClick=${onClose}>${t("common.cancel")}</button>
        <${Submit} label=${t("canned.save")} isBusy=${isBusy} disabled=${!shortcut.trim() || !text.trim()} />
      </div>
    </form>
  <//>`;
}
