// Exporting one's own data: the password starts it, its progress is shown, and a button downloads it.

import { html, useEffect, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { isChatError } from "../../net/errors.js";
import { Field, FormError, Submit } from "../../view/controls/fields.js";
import { fileSize } from "../../view/files/file_kinds.js";
import { useHasPassword } from "../../view/shared/own_password.js";
import { useAction } from "../../view/shared/action.js";
import { useChat, useSelected } from "../../view/shared/context.js";
import { dayAndTime } from "../../view/shared/times.js";

/** @typedef {import("../../protocol").ExportState} ExportState */
/** @typedef {import("../../protocol").ExportLink} ExportLink */

/** Milliseconds from one look at the progress to the next. */
const LOOK = 1_000;

export function Export() {
  const chat = useChat();
  const { act, isBusy, error, field } = useAction();
  const name = useSelected((state) => state.me?.name);
  const [found, setFound] = useState(/** @type {ExportState | null} */ (null));
  const [password, setPassword] = useState("");
  const hasPassword = useHasPassword();
  const isMaking = found?.state === "making";

  useEffect(() => {
    let isGone = false;
    const look = async () => {
      try {
        const now = /** @type {ExportState} */ (await chat.call("GET", "/me/export"));
        if (!isGone) setFound(now);
      } catch (problem) {
        if (!isChatError(problem)) throw problem; // none is there, or the server does not answer
      }
    };
    look();
    const timer = isMaking ? setInterval(look, LOOK) : undefined;
    return () => {
      isGone = true;
      clearInterval(timer);
    };
  }, [chat, isMaking]);

  const ask = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const isDone = await act(async () => setFound(/** @type {ExportState} */ (await chat.call("POST", "/me/export", hasPassword ? { password } : {}))));
    if (isDone) setPassword("");
  };
  const download = () =>
    act(async () => {
      const { path } = /** @type {ExportLink} */ (await chat.call("POST", "/me/export/link"));
      const link = document.createElement("a");
      link.href = path;
      link.download = "";
      link.click();
    });

  return html`
    <p class="soft">${t("export.text")}</p>
    <div aria-live="polite">
      ${isMaking && html`<p>${t("export.making")}</p>`}
      ${found?.state === "failed" && html`<p>${t(found.failure === "too_big" ? "export.too_big" : "export.disk")}</p>`}
      ${found?.state === "made" && html`<p>${t("export.made", { size: fileSize(found.size ?? 0) })} ${t("export.until", { time: dayAndTime(found.until ?? 0) })}</p>`}
    </div>
    ${isMaking && html`<p><progress max="100" value=${found.percent} aria-label=${t("export.title")} /> ${t("export.percent", { n: found.percent })}</p>`}
    ${found?.state === "made" && html`<p><button type="button" class="button primary" disabled=${isBusy} onClick=${download}>${t("export.download")}</button></p>`}
    ${
      !isMaking &&
      html`<form class="form" onSubmit=${ask}>
        <input type="text" hidden readonly autocomplete="username" value=${name} />
        ${hasPassword && html`<${Field} label=${t("export.password")} type="password" value=${password} onInput=${setPassword} autocomplete="current-password" required error=${field === "password" ? error : ""} />`}
        <div class="actions"><${Submit} label=${t("export.do")} isBusy=${isBusy} disabled=${hasPassword && !password} /></div>
      </form>`
    }
    ${field !== "password" && html`<${FormError} text=${error} />`}
  `;
}
