// Jumping to a date: a field in the room's panel that leads to the first message of a day, or the next one after it.

import { html, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { Field, FormError } from "../../view/controls/fields.js";
import { useAction } from "../../view/shared/action.js";
import { useChat, useSelected } from "../../view/shared/context.js";
import { navigate } from "../../view/shared/router.js";
import * as texts from "./texts.js";

/** @type {import("../feature").Feature<typeof texts.en>} */
export const dates = { name: "dates", texts, RoomSection: JumpToDate };

/** @param {{ info: import("../../model/types").RoomInfo }} props */
function JumpToDate({ info: { id } }) {
  const chat = useChat();
  const isOffered = useSelected(({ server }) => server.features.includes("dates"));
  const { act, isBusy, error } = useAction();
  const [day, setDay] = useState("");
  const [isNone, setNone] = useState(false);
  if (!isOffered) return null;
  const jump = (/** @type {Event} */ event) => {
    event.preventDefault();
    return act(async () => {
      const time = Math.max(0, new Date(`${day}T00:00`).getTime()); // in the reader's time zone
      const { seq } = /** @type {import("../../protocol").FirstSince} */ (await chat.call("GET", `/rooms/${id}/first?time=${time}`));
      if (seq) navigate(`/room/${id}/${seq}`);
      else setNone(true);
    });
  };
  const change = (/** @type {string} */ next) => {
    setDay(next);
    setNone(false);
  };
  return html`<form class="jump-to-date" onSubmit=${jump}>
    <${Field} label=${t("dates.label")} type="date" max=${today()} value=${day} onInput=${change} />
    <button type="submit" class="button" disabled=${isBusy || !day}>${t("dates.go")}</button>
    <${FormError} text=${error || (isNone ? t("dates.none") : "")} />
  </form>`;
}

/** Today in ISO form, in the reader's time zone. */
function today() {
  const now = new Date();
  return new Date(now.getTime() - now.getTimezoneOffset() * 60_000).toISOString().slice(0, 10);
}
