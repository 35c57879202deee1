// Bots: accounts of programs, with an owner and scopes. One's own are in the settings; their commands are completed after `/`.

import { t } from "../../i18n/index.js";
import { lazy } from "../../view/shared/lazy.js";
import { BOT } from "./icon.js";
import { commandsOf } from "./room_bots.js";
import * as texts from "./texts.js";

/** @type {import("../feature").Feature<typeof texts.en>} */
export const bots = {
  name: "bots",
  texts,
  settings: [{ name: "bots", title: "bots.title", icon: BOT, needs: "bots", View: lazy(() => import("./settings.js"), "Bots") }],
  completion: {
    sign: "/",
    isLate: true,
    isOffered: ({ server }, { kind }) => (kind === "room" || kind === "lobby") && server.features.includes("bots"),
    find: async (chat, info, word, from) => {
      if (from > 0) return [];
      const found = await commandsOf(chat, info, word, t("bots.command"));
      return found.map((each) => ({ ...each, icon: BOT }));
    },
  },
};
