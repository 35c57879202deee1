// Teams of operators. The inbox shows them (view/inbox/), and the administration makes them.

import { changes } from "./changes.js";
import * as texts from "./texts.js";

/** @type {import("../feature").Feature<typeof texts.en>} */
export const teams = { ...changes, texts };
