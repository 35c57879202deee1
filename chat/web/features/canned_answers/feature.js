// Canned answers: operators complete them after `/` in a support conversation, and keep them in the settings.

import { isSomeoneElses } from "../../model/support_queue.js";
import { lazy } from "../../view/shared/lazy.js";
import * as texts from "./texts.js";

/** @type {import("../feature").Feature<typeof texts.en>} */
export const cannedAnswers = {
  name: "canned_answers",
  texts,
  settings: [
    {
      name: "canned_answers",
      title: "canned.title",
      icon: ["M4 5h16v11H10l-4.5 4v-4H4z", "M13.5 7.5l-3 6"],
      needs: "canned_answers",
      isFor: ({ roles = [] }) => roles.includes("operator") || roles.includes("admin"),
      View: lazy(() => import("./settings.js"), "CannedAnswers"),
    },
  ],
  completion: {
    sign: "/",
    isOffered: ({ me, server }, info) =>
      isSomeoneElses(info, me?.id) && Boolean(me?.roles?.includes("operator")) && server.features.includes("canned_answers"),
    find: async (chat, info, word) => (await import("./completion.js")).suggest(chat, info, word),
  },
};
