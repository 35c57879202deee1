// All strings in Russian, by the keys of the English ones.

import common from "./common.js";
import door from "./door.js";
import setup from "./setup.js";

/** @type {import("../index.js").Strings} */
export const ru = { ...common, ...door, ...setup };
