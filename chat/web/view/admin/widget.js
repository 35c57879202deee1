// The support widget: the line for other sites, and which sites may show it.

import { html, useEffect, useId, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { Copyable } from "../copy.js";
import { NoSettings, Source, useSaving } from "./settings.js";

/** @param {{ settings: import("./settings.js").Changing }} props */
export function WidgetPart({ settings }) {
  const { found, problem } = settings;
  if (!found) return html`<${NoSettings} problem=${problem} />`;
  const address = new URL("/widget.js", location.href).href;
  return html`<p class="soft">${t("admin.widget_hint")}</p>
    <div class="admin-fields">
      <${Origins} settings=${settings} setting=${found.widget_origins} />
      <div class="field">
        <span class="label">${t("admin.widget_snippet")}</span>
        <${Copyable} text=${`<script async src="${address}"></script>`} label=${t("admin.widget_snippet")} />
        <p class="field-hint">${t("admin.widget_snippet_hint")}</p>
      </div>
    </div>`;
}

/** @param {{ settings: import("./settings.js").Changing, setting: import("./settings.js").Setting }} props */
function Origins({ settings, setting }) {
  const id = useId();
  const now = linesOf(setting.value);
  const [text, setText] = useState(now);
  const { problem, isBusy, save } = useSaving(settings, "widget_origins");
  useEffect(() => setText(now), [now]);
  const origins = text.split(/\s+/).filter(Boolean);
  const wrong = origins.find((origin) => !isOrigin(origin));
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (!wrong) void save(origins);
  };
  return html`<form class="field" onSubmit=${submit}>
    <label for=${id}>${t("admin.widget_origins")}</label>
    <p class="field-hint" id=${`${id}-hint`}>${t("admin.widget_origins_hint")}</p>
    <textarea
      id=${id} rows="3" spellcheck="false" placeholder="https://shop.example" value=${text} aria-invalid=${Boolean(wrong)}
      aria-describedby=${`${id}-hint ${id}-wrong`} onInput=${(/** @type {any} */ event) => setText(event.target.value)}
    ></textarea>
    <p class="field-error" id=${`${id}-wrong`} role="alert">${wrong ? t("admin.no_origin", { origin: wrong }) : problem}</p>
    ${origins.join("\n") !== now &&
    html`<div class="actions"><button class="button primary small" disabled=${isBusy || Boolean(wrong)}>${t("admin.save")}</button></div>`}
    <${Source} setting=${setting} shown=${(/** @type {unknown} */ value) => linesOf(value) || t("admin.none")} onTakeBack=${() => save(null)} />
  </form>`;
}

/** @param {unknown} value @returns {string} */
function linesOf(value) {
  return Array.isArray(value) ? value.join("\n") : "";
}

/** @param {string} text */
function isOrigin(text) {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol) && new URL(text).origin === text.toLowerCase();
}
