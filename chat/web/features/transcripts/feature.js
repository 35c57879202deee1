// Transcripts: a conversation is mailed from the support widget, and by operators (view/inbox/person_card.js).

import * as texts from "./texts.js";

/** @type {import("../feature").Feature<typeof texts.en>} */
export const transcripts = { name: "transcripts", texts };
