// Mail: whether the server sends any, a test, and the mails that wait or were given up.

import { html, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { Field, FormError, Submit } from "../controls/fields.js";
import { useAction } from "../shared/action.js";
import { useChat } from "../shared/context.js";
import { useLoaded } from "../shared/loading.js";
import { dayAndTime } from "../shared/times.js";

/** @typedef {import("../../protocol").MailState} MailState */
/** @typedef {import("../../protocol").MailTest} MailTest */

export function MailPart() {
  const chat = useChat();
  const { value, error } = useLoaded(() => /** @type {Promise<MailState>} */ (chat.call("GET", "/admin/mail")), []);
  if (error) return html`<${FormError} text=${error} />`;
  if (!value) return html`<span class="spinner" role="status" aria-label=${t("common.loading")}></span>`;
  if (value.problem === "no_mail_server") return html`<p class="soft">${t("admin.mail_off")}</p>`;
  return html`<p class="soft">${t("admin.mail_hint", { server: value.server ?? "", sender: value.sender ?? "" })}</p>
    ${value.problem && html`<${FormError} text=${t("admin.mail_no_address")} />`}
    <${Test} />
    <${Mails} mails=${value.mails ?? []} />`;
}

function Test() {
  const chat = useChat();
  const { act, error, isBusy } = useAction();
  const [to, setTo] = useState("");
  const [result, setResult] = useState(/** @type {MailTest | null} */ (null));
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    setResult(null);
    void act(async () => setResult(/** @type {MailTest} */ (await chat.call("POST", "/admin/mail/test", { to: to.trim() }))));
  };
  const failed = result && result.outcome !== "sent" ? t("admin.mail_failed", { answer: result.answer }) : "";
  return html`<form class="admin-setting" onSubmit=${submit}>
    <${Field} label=${t("admin.mail_to")} type="email" value=${to} onInput=${setTo} error=${error || failed} required />
    <${Submit} label=${t("admin.mail_test")} isBusy=${isBusy} />
    ${result?.outcome === "sent" && html`<p class="field-hint" role="status">${t("admin.mail_sent")}</p>`}
  </form>`;
}

/** @param {{ mails: readonly import("../../protocol").QueuedMail[] }} props */
function Mails({ mails }) {
  return html`<section class="settings-section">
    <h3>${t("admin.mail_queue")}</h3>
    ${mails.length === 0 && html`<p class="soft">${t("admin.mail_none")}</p>`}
    <ul class="list">
      ${mails.map(
        (mail) => html`<li class="row" key=${mail.id}>
          <span class="row-text">${mail.to}: ${mail.subject}
            <span class="row-note">${mail.state === "given_up" ? t("admin.mail_given_up") : mail.next ? t("admin.mail_next", { time: dayAndTime(mail.next) }) : ""} ${mail.error ?? ""}</span>
          </span>
        </li>`,
      )}
    </ul>
  </section>`;
}
