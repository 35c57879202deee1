// Reports: an action that reports a message to the moderators of the server. They handle reports in a place of their own
// (view/reports/reports.js).

import { lazy } from "../../view/shared/lazy.js";
import { changes, FLAG, isOffered } from "./changes.js";
import * as texts from "./texts.js";

/** @type {import("../feature").Feature<typeof texts.en>} */
export const reports = {
  ...changes,
  texts,
  actions: [
    {
      name: "report",
      label: "reports.report",
      icon: FLAG,
      isInfo: true,
      isAllowed: ({ chat, message, isOwn }) =>
        isOffered(chat.get()) && !isOwn && message.kind !== "join" && !message.deleted && !chat.get().me?.roles?.includes("guest"),
      act: ({ open }) => open("report"),
    },
  ],
  dialogs: { report: /** @type {any} */ (lazy(() => import("./report_dialog.js"), "ReportDialog")) },
};
