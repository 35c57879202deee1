// The theme and the language in this browser.

import { html, useState } from "../../vendor/preact.js";
import { CHOICE, chosenLanguage, LANGUAGES, t } from "../../i18n/index.js";
import { usePreference } from "../shared/preferences.js";

const THEMES = /** @type {const} */ (["system", "light", "dark"]);

export function Appearance() {
  const [theme, setTheme] = usePreference("theme", "system");
  const choose = (/** @type {string} */ name) => {
    setTheme(name);
    show(name);
  };
  return html`
    <fieldset>
      <legend>${t("theme.title")}</legend>
      <div class="segmented">
        ${THEMES.map(
          (name) => html`<label key=${name}>
            <input type="radio" name="theme" checked=${theme === name} onChange=${() => choose(name)} /> ${t(`theme.${name}`)}
          </label>`,
        )}
      </div>
    </fieldset>
    <${Language} />
  `;
}

function Language() {
  const [chosen, setChosen] = useState(chosenLanguage() ?? "");
  const choose = (/** @type {any} */ event) => {
    const code = event.target.value;
    setChosen(code);
    store(code);
    location.reload();
  };
  return html`<div class="field">
    <label for="language">${t("language.title")}</label>
    <select id="language" value=${chosen} onChange=${choose}>
      <option value="">${t("language.browser")}</option>
      ${LANGUAGES.map((code) => html`<option value=${code} lang=${code}>${ownName(code)}</option>`)}
    </select>
    <p class="field-hint">${t("language.hint")}</p>
  </div>`;
}

/** What a language calls itself. @param {string} code */
function ownName(code) {
  const name = new Intl.DisplayNames([code], { type: "language" }).of(code) ?? code;
  return name.charAt(0).toLocaleUpperCase(code) + name.slice(1);
}

/** Keep the chosen language, or "" for the browser's. @param {string} code */
function store(code) {
  try {
    if (code) localStorage.setItem(CHOICE, code);
    else localStorage.removeItem(CHOICE);
  } catch {
    // Without storage the browser's language is used.
  }
}

/** Apply a theme, as head.js does when the page is opened. @param {string} theme */
function show(theme) {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}
