// Deleting one's own account, in one of three ways.

import { lazy } from "../../view/shared/lazy.js";
import * as texts from "./texts.js";

/** @type {import("../feature").Feature<typeof texts.en>} */
export const leaving = {
  name: "leaving",
  texts,
  settings: [{ name: "leaving", title: "leaving.title", icon: "trash", View: lazy(() => import("./leave.js"), "Leave") }],
};
