// The actions on a message that are not of a feature.

import { parts } from "../../features/registry.js";
import { announce } from "../shared/announce.js";
import { setComposerTarget, focusComposer } from "../shared/composer_target.js";
import { copyAndAnnounce } from "../controls/copy.js";
import { confirm } from "../controls/dialog.js";
import { t } from "../../i18n/index.js";

/** @typedef {import("../../model/types").Message} Message */
/** @typedef {import("../../features/feature").MessageAction} MessageAction */

/** @type {readonly MessageAction[]} */
const WRITING = [
  {
    name: "reply",
    label: "actions.reply",
    icon: "reply",
    key: "r",
    inBar: true,
    isAllowed: ({ message, rights }) => rights.canSpeak && !message.deleted,
    act: ({ message }) => begin(message, { reply: message.seq }),
  },
  {
    name: "edit",
    label: "actions.edit",
    icon: "edit",
    key: "e",
    inBar: true,
    isAllowed: ({ message, rights, isOwn }) => rights.canSpeak && isOwn && !message.deleted,
    act: ({ message }) => begin(message, { edit: message.seq }),
  },
];

/** @type {readonly MessageAction[]} */
const TAKING = [
  {
    name: "copyText",
    label: "actions.copyText",
    icon: "copy",
    isAllowed: ({ message }) => !message.deleted,
    act: ({ message }) => copyAndAnnounce(message.text ?? ""),
  },
  {
    name: "copyLink",
    label: "actions.copyLink",
    icon: "link",
    isAllowed: () => true,
    act: ({ message: { room, seq } }) => copyAndAnnounce(new URL(`/room/${room}/${seq}`, location.href).href),
  },
  {
    name: "markUnread",
    label: "actions.markUnread",
    icon: "mail",
    isAllowed: () => true,
    act: ({ chat, message: { room, seq } }) => chat.markUnread(room, seq).then(() => announce(t("actions.markedUnread"))),
  },
];

/** @type {readonly MessageAction[]} */
const LAST = [
  {
    name: "edits",
    label: "actions.edits",
    icon: "clock",
    isAllowed: ({ message }) => message.edited !== undefined && !message.deleted,
    act: ({ open }) => open("edits"),
  },
  {
    name: "delete",
    label: "actions.delete",
    icon: "trash",
    key: "Delete",
    isDanger: true,
    isAllowed: ({ message, rights, isOwn }) => (isOwn || rights.canModerate) && !message.deleted,
    act: async ({ chat, message: { room, seq } }) => {
      const question = { title: t("actions.deleteAsk"), text: t("actions.deleteWhy"), action: t("actions.delete"), danger: true };
      if (await confirm(question)) await chat.delete(room, seq);
    },
  },
];

const OF_FEATURES = parts("actions").flat();

/** All actions, in the order of the menu. */
export const ACTIONS = [
  ...WRITING,
  ...OF_FEATURES.filter(({ isInfo }) => !isInfo),
  ...TAKING,
  ...OF_FEATURES.filter(({ isInfo }) => isInfo),
  ...LAST,
];

/** The actions in the order of the toolbar. */
export const BAR = [...OF_FEATURES, ...WRITING].filter(({ inBar }) => inBar);

/** @param {Message} message @param {import("../shared/composer_target.js").ComposerTarget} what */
function begin({ room }, what) {
  setComposerTarget(room, what);
  focusComposer();
}
