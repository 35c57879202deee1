// Hooks: tools that post in rooms. Their messages are drawn by view/message/hook_message.js, and admins manage them in view/admin/hooks.js.

import * as texts from "./texts.js";

/** @type {import("../feature").Feature<typeof texts.en>} */
export const hooks = {
  name: "hooks",
  texts,
};
