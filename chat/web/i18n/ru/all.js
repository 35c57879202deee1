// All strings in Russian, by the keys of the English ones.

import admin from "./admin.js";
import common from "./common.js";
import composer from "./composer.js";
import door from "./door.js";
import files from "./files.js";
import inbox from "./inbox.js";
import setup from "./setup.js";
import timeline from "./timeline.js";
import widget from "./widget.js";

/** @type {import("../index.js").Strings} */
export const ru = {
  ...admin,
  ...common,
  ...door,
  ...files,
  ...inbox,
  ...setup,
  ...composer,
  ...timeline,
  ...widget,
};
