// Pictures of people and rooms: beside what they write, in lists and panels. They are cropped and encoded in the page.

import { changes } from "./changes.js";
import { PictureButtons } from "./picture_buttons.js";
import * as texts from "./texts.js";

/** @type {import("../feature").Feature<typeof texts.en>} */
export const pictures = { ...changes, texts, PictureButtons };
