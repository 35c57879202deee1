// The support widget: its HTML for other sites, the allowed sites, the greeting, and when operators answer.

import { html } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { Copyable } from "../controls/copy.js";
import { Field, Submit } from "../controls/fields.js";
import { useSelected } from "../shared/context.js";
import { Source, useSaving, useFieldText } from "./settings.js";
import { SupportHours } from "./support_hours.js";
import { VisitorSecret } from "./visitor_secret.js";

/** @param {{ settings: import("./settings.js").Changing }} props */
export function WidgetPart({ settings }) {
  const hasSecret = useSelected(({ server }) => server.features.includes("verified_visitors"));
  const address = new URL("/widget.js", settings.found?.public_url?.value || location.href).href;
  return html`<p class="soft">${t("admin.widget_hint")}</p>
    <${Origins} settings=${settings} setting=${settings.found?.widget_origins} />
    ${settings.found?.widget_greeting && html`<${Greeting} settings=${settings} setting=${settings.found.widget_greeting} />`}
    <${SupportHours} settings=${settings} />
    <section class="settings-section">
      <h3>${t("admin.widget_snippet")}</h3>
      <${Copyable} text=${`<script async src="${address}"></script>`} label=${t("admin.widget_snippet")} />
      <p class="field-hint">${t("admin.widget_snippet_hint")}</p>
    </section>
    ${hasSecret && html`<${VisitorSecret} />`}`;
}

/** @param {{ settings: import("./settings.js").Changing, setting: import("./settings.js").Setting }} props */
function Origins({ settings, setting }) {
  const now = linesOf(setting.value);
  const [text, setText] = useFieldText(now);
  const { error, isBusy, save } = useSaving(settings, "widget_origins");
  const origins = text.split(/\s+/).filter(Boolean);
  const wrong = origins.find((origin) => !isOrigin(origin));
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (!wrong) void save(origins);
  };
  return html`<form class="admin-setting is-wide" onSubmit=${submit}>
    <${Field}
      label=${t("admin.widget_origins")} hint=${t("admin.widget_origins_hint")} value=${text} onInput=${setText} rows=${3}
      error=${wrong ? t("admin.no_origin", { origin: wrong }) : error} spellcheck="false" placeholder="https://shop.example"
    />
    ${origins.join("\n") !== now && html`<${Submit} label=${t("admin.save")} isBusy=${isBusy} disabled=${Boolean(wrong)} />`}
    <${Source} setting=${setting} shown=${(/** @type {unknown} */ value) => linesOf(value) || t("admin.none")} onTakeBack=${() => save(null)} />
  </form>`;
}

/** @param {{ settings: import("./settings.js").Changing, setting: import("./settings.js").Setting }} props */
function Greeting({ settings, setting }) {
  const [text, setText] = useFieldText(setting.value);
  const { error, isBusy, save } = useSaving(settings, "widget_greeting");
  const wanted = text.trim();
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    void save(wanted);
  };
  return html`<form class="admin-setting is-wide" onSubmit=${submit}>
    <${Field}
      label=${t("admin.widget_greeting")} hint=${t("admin.widget_greeting_hint")} value=${text} onInput=${setText} error=${error}
      maxlength="200" placeholder=${t("widget.hello")}
    />
    ${wanted !== setting.value && html`<${Submit} label=${t("admin.save")} isBusy=${isBusy} />`}
    <${Source} setting=${setting} shown=${(/** @type {string} */ value) => value || t("admin.none")} onTakeBack=${() => save(null)} />
  </form>`;
}

/** @param {unknown} value @returns {string} */
function linesOf(value) {
  return Array.isArray(value) ? value.join("\n") : "";
}

/** @param {string} text */
function isOrigin(text) {
  return text === "*" || /^https?:\/\//i.test(text) && URL.canParse(text) && new URL(text).origin === text;
}
