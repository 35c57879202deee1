// Reactions: emoji below a message.

import { html } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { EmojiPicker } from "../../view/controls/emoji_picker.js";
import { changes } from "./changes.js";
import { isMine, MenuRow, react, Reactions } from "./reactions.js";
import * as texts from "./texts.js";

/** @type {import("../feature").Feature<typeof texts.en>} */
export const reactions = {
  ...changes,
  texts,
  actions: [
    {
      name: "react",
      label: "reactions.react",
      icon: "react",
      key: "+",
      inBar: true,
      inMenu: false,
      isAllowed: ({ message, rights }) => rights.canSpeak && !message.deleted,
      act: ({ open }) => open("react"),
    },
  ],
  dialogs: { react: Picker },
  MenuRow,
  Footer: Reactions,
};

/** @param {import("../feature").MessageDialogProps} props */
function Picker({ message, at, actions, onClose }) {
  const choose = (/** @type {string} */ emoji) => react(actions, message, emoji, !isMine(message, emoji));
  return html`<${EmojiPicker} at=${at} label=${t("reactions.react")} onChoose=${choose} onClose=${onClose} />`;
}
