// The theme and the language in this browser.

import { html, useState } from "../../vendor/preact.js";
import { chooseLanguage, chosenLanguage, languages, t } from "../../i18n/index.js";
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
    chooseLanguage(code || null);
    location.reload();
  };
  return html`<div class="field">
    <label for="language">${t("language.title")}</label>
    <select id="language" value=${chosen} onChange=${choose}>
      <option value="">${t("language.browser")}</option>
      ${Object.entries(languages).map(([code, name]) => html`<option value=${code} lang=${code}>${name}</option>`)}
    </select>
    <p class="field-hint">${t("language.hint")}</p>
  </div>`;
}

/** Apply a theme, as head.js does when the page is opened. @param {string} theme */
function show(theme) {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}
