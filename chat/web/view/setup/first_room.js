// The third step: a room to talk in.

import { html } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { useChat } from "../shared/context.js";
import { Field } from "../controls/fields.js";
import { attemptError, formValues, useAttempt } from "../sign_in/attempt.js";
import { ErrorNote } from "../sign_in/card.js";
import { problemText } from "../shared/problem.js";

/** @param {{ onDone: (room: number) => void }} props */
export function FirstRoom({ onDone }) {
  const chat = useChat();
  const { run, isBusy, wait, error } = useAttempt();
  const submit = (/** @type {any} */ event) => {
    const { name } = formValues(event);
    run(async () => {
      const room = /** @type {import("../../protocol").Room} */ (await chat.call("POST", "/rooms", { name: name.trim() }));
      onDone(room.id);
    });
  };
  const ofName = error?.field === "name" ? problemText(error) : undefined;
  return html`<form class="form" onSubmit=${submit}>
    ${error && !ofName && html`<${ErrorNote}>${attemptError(error, wait)}<//>`}
    <${Field} name="name" label=${t("setup.room_name")} hint=${t("setup.room_hint")} error=${ofName} autocomplete="off"
      maxlength="64" required autofocus />
    <button class="button primary wide" disabled=${isBusy || wait > 0}>${t("setup.make_room")}</button>
  </form>`;
}
