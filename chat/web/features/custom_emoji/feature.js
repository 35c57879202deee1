// Emoji of the server: a list of them in the settings, where admins, or everybody, add some. View/controls/custom_emoji.js shows them.

import { lazy } from "../../view/shared/lazy.js";
import * as texts from "./texts.js";

const SMILE = ["M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z", "M8.5 14.5a4.5 4.5 0 0 0 7 0M9 9.5v.01M15 9.5v.01"];

/** @type {import("../feature").Feature<typeof texts.en>} */
export const customEmoji = {
  name: "custom_emoji",
  texts,
  settings: [{ name: "emoji", title: "custom_emoji.title", icon: SMILE, needs: "custom_emoji", isFor: ({ roles = [] }) => !roles.includes("guest"), View: lazy(() => import("./settings.js"), "CustomEmojiList") }],
};
