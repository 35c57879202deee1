// Push notifications: an action that shows why one was, or was not, notified of a message.

import { html } from "../../vendor/preact.js";
import { lazy } from "../../view/shared/lazy.js";
import * as texts from "./texts.js";

const WhyDialog = lazy(() => import("./why.js"), "Why");

/** @type {import("../feature").Feature<typeof texts.en>} */
export const push = {
  name: "push",
  texts,
  actions: [
    {
      name: "why",
      label: "why.action",
      icon: "info",
      isInfo: true,
      isAllowed: ({ chat, message, isOwn }) => !isOwn && !message.deleted && chat.get().server.features.includes("push"),
      act: ({ open }) => open("why"),
    },
  ],
  dialogs: { why: (props) => html`<${WhyDialog} ...${props} />` },
};
