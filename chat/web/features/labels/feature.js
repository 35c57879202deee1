// Labels of support conversations. The inbox shows them (view/inbox/).

import { changes } from "./changes.js";
import * as texts from "./texts.js";

/** @type {import("../feature").Feature<typeof texts.en>} */
export const labels = { ...changes, texts };
