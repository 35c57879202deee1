// Making a poll.

import { html, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { FEWEST, isWhole, OPTION_LENGTH, OPTIONS, QUESTION_LENGTH, textOfPoll } from "../../model/poll.js";
import { Dialog } from "../../view/controls/dialog.js";
import { Field, FormError, Submit } from "../../view/controls/fields.js";
import { useAction } from "../../view/shared/action.js";

/** @param {{ question: string, options: readonly string[], send: (text: string) => Promise<void>, onClose: () => void }} props */
export function PollDialog({ question: first, options: begun, send, onClose }) {
  const { act, isBusy, error } = useAction();
  const [question, setQuestion] = useState(first);
  const [options, setOptions] = useState(() => withPlace(begun.slice(0, OPTIONS.length)));
  const [isMultiple, setMultiple] = useState(false);
  const filled = options.map((each) => each.trim()).filter(Boolean);
  const isDouble = new Set(filled).size < filled.length;
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (isWhole(question.trim(), filled) && (await act(() => send(textOfPoll(question, filled, isMultiple))))) onClose();
  };
  const change = (/** @type {number} */ at, /** @type {string} */ text) => setOptions(withPlace(options.with(at, text)));
  return html`<${Dialog} title=${t("polls.make")} class="poll-dialog" onClose=${onClose}>
    <form class="form" onSubmit=${submit}>
      <${Field} label=${t("polls.question")} value=${question} onInput=${setQuestion} maxlength=${QUESTION_LENGTH} autofocus />
      <fieldset class="poll-fields">
        <legend>${t("polls.options")}</legend>
        ${options.map((text, i) => html`<label key=${i}><span aria-hidden="true">${OPTIONS[i]}</span>
          <input type="text" dir="auto" autocomplete="off" aria-label=${t("polls.option", { n: i + 1 })} maxlength=${OPTION_LENGTH} value=${text} onInput=${(/** @type {any} */ event) => change(i, event.target.value)} />
        </label>`)}
      </fieldset>
      <label class="check">
        <input type="checkbox" checked=${isMultiple} onChange=${(/** @type {any} */ event) => setMultiple(event.target.checked)} />
        <span>${t("polls.several")}</span>
      </label>
      <${FormError} text=${isDouble ? t("polls.twice") : error} />
      <div class="dialog-actions">
        <button type="button" class="button" onClick=${onClose}>${t("common.cancel")}</button>
        <${Submit} label=${t("polls.send")} isBusy=${isBusy} disabled=${!isWhole(question.trim(), filled)} />
      </div>
    </form>
  <//>`;
}

/** There is always an empty field at the end, up to the most. @param {readonly string[]} options */
function withPlace(options) {
  const last = options.findLastIndex((each) => each.trim() !== "");
  const shown = Math.min(Math.max(last + 2, FEWEST + 1), OPTIONS.length);
  return Array.from({ length: shown }, (_, i) => options[i] ?? "");
}
