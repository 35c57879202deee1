// Saved messages: actions that save a message for later and remove it again, and a mark on each. The list of them has a
// place of its own (view/search/saved.js).

import { html } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { icon } from "../../view/controls/icon.js";
import { useSelected } from "../../view/shared/context.js";
import { lazy } from "../../view/shared/lazy.js";
import { changes } from "./changes.js";
import { isOffered, isSaved, reminderOf, reminderText, SAVE, setSaved, UNSAVE } from "./saved.js";
import * as texts from "./texts.js";

const RemindMenu = lazy(() => import("./reminder_menu.js"), "RemindMenu");

/** @type {import("../feature").Feature<typeof texts.en>} */
export const saved = {
  ...changes,
  texts,
  actions: [
    {
      name: "save",
      label: "saved.save",
      icon: SAVE,
      key: "s",
      inBar: true,
      isAllowed: (on) => canSave(on) && !isSaved(on.chat.get(), on.message),
      act: ({ chat, message }) => setSaved(chat, message, true),
    },
    {
      name: "unsave",
      label: "saved.remove",
      icon: UNSAVE,
      key: "s",
      inBar: true,
      isAllowed: (on) => canSave(on) && isSaved(on.chat.get(), on.message),
      act: ({ chat, message }) => setSaved(chat, message, false),
    },
    { name: "remind", label: "saved.remind", icon: "clock", key: "m", isAllowed: canSave, act: remind },
  ],
  dialogs: { remind: (props) => html`<${RemindMenu} ...${props} />` },
  Mark,
};

/** @param {import("../feature").MessageContext} on */
function canSave({ chat, message: { kind, deleted } }) {
  return isOffered(chat.get()) && kind !== "join" && !deleted;
}

/** Behind the text of a saved message; it opens the list. @param {import("../feature").MessagePartProps} props */
function Mark({ message, tab }) {
  const isShown = useSelected((state) => isSaved(state, message));
  const reminder = useSelected((state) => reminderOf(state, message));
  if (!isShown) return null;
  if (reminder) return html`<a class=${`message-mark saved-mark ${reminder.due ? "is-due" : ""}`} href="/saved" tabindex=${tab}>${icon("clock", { size: 14 })}${reminderText(reminder)}</a>`;
  return html`<a class="message-mark saved-mark" href="/saved" tabindex=${tab}>${icon(SAVE, { size: 14 })}${t("saved.mark")}</a>`;
}

/** The menu opens once it is loaded. @param {import("../feature").MessageContext} on */
async function remind({ open }) {
  await RemindMenu.load();
  open("remind");
}
