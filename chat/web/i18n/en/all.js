// All strings in English: one file for one screen, keys as "screen.thing".

import admin from "./admin.js";
import common from "./common.js";
import door from "./door.js";
import inbox from "./inbox.js";
import setup from "./setup.js";

export const en = { ...common, ...admin, ...door, ...inbox, ...setup };
