// Folders: own sections of the list of rooms. The list reads them (folders.js); a room is put into one in its panel.

import { changes } from "./changes.js";
import * as texts from "./texts.js";

/** @type {import("../feature").Feature<typeof texts.en>} */
export const folders = { ...changes, texts };
