// Blocking people: from their panel, and a list of them in the settings.

import { lazy } from "../../view/shared/lazy.js";
import { Block } from "./block.js";
import * as texts from "./texts.js";

/** @type {import("../feature").Feature<typeof texts.en>} */
export const blocks = {
  name: "blocks",
  texts,
  settings: [{ name: "blocks", title: "blocks.title", icon: "block", View: lazy(() => import("./blocks.js"), "Blocks") }],
  PersonAction: Block,
};
