// Choosing when one is reminded of a message.

import { html } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { TimeMenu } from "../../view/controls/time_menu.js";
import { useSelected } from "../../view/shared/context.js";
import { reminderOf, setReminder } from "./saved.js";

/**
 * @param {{ message: { room: number, seq: number }, at: DOMRect, onSet: (time: number | undefined) => void, onClose: () => void }} props
 *   `onSet` gets the time in milliseconds, or undefined to remove the reminder
 */
export function ReminderMenu({ message, at, onSet, onClose }) {
  const reminder = useSelected((state) => reminderOf(state, message));
  const remove = { label: t("saved.removeReminder"), act: () => onSet(undefined) };
  return html`<${TimeMenu} at=${at} label=${t("saved.remindTitle")} action=${t("saved.setReminder")} chosen=${reminder?.due ? undefined : reminder?.at} extra=${reminder ? [remove] : []} onChoose=${onSet} onClose=${onClose} />`;
}

/** The same for a message of a timeline. @param {import("../feature").MessageDialogProps} props */
export function RemindMenu({ message, at, actions, onClose }) {
  const set = (/** @type {number | undefined} */ time) => actions.attempt((chat) => setReminder(chat, message, time));
  return html`<${ReminderMenu} message=${message} at=${at} onSet=${set} onClose=${onClose} />`;
}
