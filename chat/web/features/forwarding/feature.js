// Forwarding: a message is sent to another room, quoted by the server.

import { lazy } from "../../view/shared/lazy.js";
import * as texts from "./texts.js";

/** @type {import("../feature").Feature<typeof texts.en>} */
export const forwarding = {
  name: "forwarding",
  texts,
  actions: [
    {
      name: "forward",
      label: "forwarding.forward",
      icon: ["M13.5 5.5l6.5 6-6.5 6v-4C8.5 13.5 5.5 15 4 18.5c0-6 3.5-9 9.5-9.2z"],
      // Older servers forward nothing.
      isAllowed: ({ chat, message: { kind, deleted } }) => chat.get().server.features.includes("forwarding") && kind !== "join" && !deleted,
      act: ({ open }) => open("forward"),
    },
  ],
  dialogs: { forward: /** @type {any} */ (lazy(() => import("./dialog.js"), "Forward")) },
};
