// All strings in Russian, by the keys of the English ones.

import common from "./common.js";
import door from "./door.js";

/** @type {import("../index.js").Strings} */
export const ru = { ...common, ...door };
