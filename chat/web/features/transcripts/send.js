// A button that asks for an address, and has a conversation mailed to it; also in the support widget.

import { html, useEffect, useRef, useState } from "../../vendor/preact.js";
import { language, t } from "../../i18n/index.js";
import { Field, FormError, Submit } from "../../view/controls/fields.js";
import { icon } from "../../view/controls/icon.js";
import { useAction } from "../../view/shared/action.js";

/** @param {{ call: (method: string, path: string, body?: object) => Promise<unknown>, path: string, label: string, email?: string }} props */
export function SendTranscript({ call, path, label, email = "" }) {
  const [isOpen, setOpen] = useState(false);
  const [to, setTo] = useState(email);
  const [sent, setSent] = useState("");
  const { act, isBusy, error, field } = useAction();
  const form = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => form.current?.scrollIntoView({ block: "nearest" }), [isOpen]);
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    const zone = new Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
    void act(async () => {
      await call("POST", path, { email: to.trim(), language: language(), zone });
      setSent(to.trim());
      setOpen(false);
    });
  };
  if (!isOpen)
    return html`<div class="transcript">
      ${sent && html`<p class="soft small" role="status">${t("widget.transcript_sent", { email: sent })}</p>`}
      <button type="button" class="button quiet small" onClick=${() => setOpen(true)}>${icon("mail", { size: 16 })} ${label}</button>
    </div>`;
  return html`<form ref=${form} class="transcript" onSubmit=${submit} novalidate>
    <${Field} label=${t("widget.transcript_email")} type="email" autocomplete="email" value=${to} onInput=${setTo} maxlength="254" autofocus=${true}
      error=${field === "email" ? error : ""} />
    ${field !== "email" && html`<${FormError} text=${error} />`}
    <div class="actions">
      <${Submit} label=${t("widget.transcript_send")} isBusy=${isBusy} disabled=${!to.includes("@")} class="primary small" />
      <button type="button" class="button quiet small" onClick=${() => setOpen(false)}>${t("common.cancel")}</button>
    </div>
  </form>`;
}
