// The report of the desk, in the settings of operators and admins.

import { lazy } from "../../view/shared/lazy.js";
import * as texts from "./texts.js";

/** @type {import("../feature").Feature<typeof texts.en>} */
export const deskReport = {
  name: "desk_report",
  texts,
  settings: [
    {
      name: "support_report",
      title: "desk_report.title",
      icon: ["M5 20v-7", "M12 20V5", "M19 20v-10", "M3 20h18"],
      needs: "desk_report",
      isFor: ({ roles = [] }) => roles.includes("operator") || roles.includes("admin"),
      View: lazy(() => import("./report.js"), "Report"),
    },
  ],
};
