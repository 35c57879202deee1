// Bots: accounts of programs, with an owner and scopes.

import * as texts from "./texts.js";

/** @type {import("../feature").Feature<typeof texts.en>} */
export const bots = { name: "bots", texts };
