// An archive of one's own data: asked for, made in the background, and downloaded.

import { lazy } from "../../view/shared/lazy.js";
import * as texts from "./texts.js";

const ARROW = ["M12 3v12", "m7 10 5 5 5-5", "M4 20h16"];

/** @type {import("../feature").Feature<typeof texts.en>} */
export const exports = {
  name: "exports",
  texts,
  settings: [{ name: "export", title: "export.title", icon: ARROW, View: lazy(() => import("./export.js"), "Export") }],
};
