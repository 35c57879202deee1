// Two-factor authentication: a section of the security settings. The log-in page has the field for a code.

import { lazy } from "../../view/shared/lazy.js";
import * as texts from "./texts.js";

/** @type {import("../feature").Feature<typeof texts.en>} */
export const secondFactor = {
  name: "second_factor",
  texts,
  SecuritySection: lazy(() => import("./section.js"), "SecondFactor"),
};
