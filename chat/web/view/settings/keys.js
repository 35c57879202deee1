// All keys and text formats, in the settings and in the dialog of "?".

import { html } from "../../vendor/preact.js";
import { parts } from "../../features/registry.js";
import { t } from "../../i18n/index.js";

/** Actions of features that have a key; of several with the same one, which exclude each other, the first. */
const WITH_KEYS = parts("actions")
  .flat()
  .filter(({ key }, at, all) => key && all.findIndex((each) => each.key === key) === at);

/** Keys and typed texts, by the place where they work. The names are keys.NAME in i18n. */
const KEYS = /** @type {const} */ ({
  anywhere: { jump: ["Ctrl", "K"], help: ["?"] },
  lists: { move: ["↑", "↓"], ends: ["Home", "End"], open: ["Enter"] },
  writing: { send: ["Enter"], break: ["Shift", "Enter"], edit_last: ["↑"], mention: ["@"], emoji: [":"] },
  formatting: { bold: ["**…**"], italic: ["*…*"], struck: ["~~…~~"], code: ["`…`"], code_block: ["```"], quote: [">"], list: ["-"], heading: ["#"], table: ["… | …"] },
  inbox: { claim: ["C"], close: ["E"], reopen: ["O"], write: ["Enter", "Enter"], to_list: ["Esc"] },
  message: { reply: ["R"], edit: ["E"], menu: ["F10"], back: ["Esc"] },
});

export function KeysPart() {
  return html`<div class="keys">
    ${/** @type {(keyof typeof KEYS)[]} */ (Object.keys(KEYS)).map(
      (group) => html`<section key=${group}>
        <h3>${t(`keys.${group}`)}</h3>
        <dl>
          ${group === "message" && WITH_KEYS.map(({ label, key = "" }) => html`<div key=${label}><dt>${t(label)}</dt><dd><kbd>${key.toUpperCase()}</kbd></dd></div>`)}
          ${Object.entries(KEYS[group]).map(
            ([name, keys]) => html`<div key=${name}>
              <dt>${t(/** @type {import("../../i18n/index.js").Key} */ (`keys.${name}`))}</dt>
              <dd>${keys.map((/** @type {string} */ key) => html`<kbd>${key}</kbd>`)}</dd>
            </div>`,
          )}
        </dl>
      </section>`,
    )}
  </div>`;
}
