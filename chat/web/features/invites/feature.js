// Invitations: a list of one's own in the settings. Views open the dialog that makes them (invite_dialog.js).

import { lazy } from "../../view/shared/lazy.js";
import * as texts from "./texts.js";

/** @type {import("../feature").Feature<typeof texts.en>} */
export const invites = {
  name: "invites",
  texts,
  settings: [{ name: "invitations", title: "invitations.title", icon: "link", View: lazy(() => import("./invitations.js"), "Invitations") }],
};
