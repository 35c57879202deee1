// All strings in English: one file for one screen, keys as "screen.thing".

import common from "./common.js";
import door from "./door.js";
import setup from "./setup.js";

export const en = { ...common, ...door, ...setup };
