// A menu of times at which something is done later, with a form for any other time.

import { html, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { fieldsOf, laterTimes, timeOf } from "../../model/later_times.js";
import { Floating } from "./floating.js";
import { icon } from "./icon.js";
import { Field } from "./fields.js";
import { clock, futureTime } from "../shared/times.js";

/** @typedef {{ label: string, act: () => void, isDanger?: boolean }} Extra */

/**
 * @param {{ at: DOMRect, label: string, action: string, chosen?: number, extra?: readonly Extra[], onChoose: (time: number) => void, onClose: () => void }} props
 *   `action` names the form's button; `chosen` is the present time, in milliseconds
 */
export function TimeMenu({ at, label, action, chosen, extra = [], onChoose, onClose }) {
  const [now] = useState(() => Date.now());
  const [isCustom, setCustom] = useState(false);
  const choose = (/** @type {() => void} */ act) => () => {
    onClose();
    act();
  };
  if (isCustom) {
    return html`<${Floating} key="form" at=${at} label=${label} class="time-form" onClose=${onClose}>
      <${TimeForm} label=${label} action=${action} first=${chosen !== undefined && chosen > now ? chosen : laterTimes(now)[3].at} onChoose=${(/** @type {number} */ time) => choose(() => onChoose(time))()} />
    <//>`;
  }
  return html`<${Floating} key="menu" at=${at} role="menu" label=${label} class="menu message-menu time-menu" onClose=${onClose} onKeyDown=${move}>
    <p class="menu-label" role="presentation">${label}</p>
    ${chosen !== undefined && html`<p class="menu-label time-chosen" role="presentation">${icon("clock", { size: 14 })} ${futureTime(chosen)}</p>`}
    ${laterTimes(now).map(
      ({ name, at: time }, i) => html`<button type="button" role="menuitem" tabindex="-1" class="menu-item" data-first=${i === 0 || undefined} key=${name} onClick=${choose(() => onChoose(time))}>
        <span>${t(`later.${name}`)}</span><span class="menu-hint">${clock(time)}</span>
      </button>`,
    )}
    <button type="button" role="menuitem" tabindex="-1" class="menu-item" onClick=${() => setCustom(true)}><span>${t("later.custom")}</span></button>
    ${extra.map((each) => html`<button type="button" role="menuitem" tabindex="-1" class=${each.isDanger ? "menu-item danger" : "menu-item"} key=${each.label} onClick=${choose(each.act)}><span>${each.label}</span></button>`)}
  <//>`;
}

/** @param {{ label: string, action: string, first: number, onChoose: (time: number) => void }} props */
function TimeForm({ label, action, first, onChoose }) {
  const [fields, setFields] = useState(() => fieldsOf(first));
  const [isPast, setPast] = useState(false);
  const change = (/** @type {Partial<typeof fields>} */ next) => {
    setFields({ ...fields, ...next });
    setPast(false);
  };
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    const time = timeOf(fields);
    if (time > Date.now()) onChoose(time);
    else setPast(true);
  };
  return html`<form onSubmit=${submit}>
    <p class="time-form-title">${label}</p>
    <div class="time-fields">
      <${Field} label=${t("later.day")} type="date" required autofocus min=${fieldsOf(Date.now()).day} value=${fields.day} onInput=${(/** @type {string} */ day) => change({ day })} />
      <${Field} label=${t("later.time")} type="time" required value=${fields.time} onInput=${(/** @type {string} */ time) => change({ time })} />
    </div>
    ${isPast && html`<p class="field-error" role="alert">${t("later.past")}</p>`}
    <button type="submit" class="button primary wide">${action}</button>
  </form>`;
}

/** @param {KeyboardEvent} event */
function move(event) {
  const menu = /** @type {HTMLElement} */ (event.currentTarget);
  const items = [.../** @type {NodeListOf<HTMLElement>} */ (menu.querySelectorAll("[role=menuitem]"))];
  const at = items.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  event.stopPropagation();
  items.at(to % items.length)?.focus();
}
