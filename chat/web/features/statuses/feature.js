// Statuses: what people say of themselves beside their name. View/controls/status.js shows them; the dialog is in the sidebar's menu.

import * as texts from "./texts.js";

/** @type {import("../feature").Feature<typeof texts.en>} */
export const statuses = { name: "statuses", texts };
