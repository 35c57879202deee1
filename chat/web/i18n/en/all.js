// All strings in English: one file for one screen, keys as "screen.thing".

import admin from "./admin.js";
import composer from "./composer.js";
import files from "./files.js";
import first from "./first.js";
import inbox from "./inbox.js";
import lost from "./lost.js";
import room from "./room.js";
import search from "./search.js";
import settings from "./settings.js";
import setup from "./setup.js";
import shell from "./shell.js";
import timeline from "./timeline.js";
import widget from "./widget.js";

export const en = {
  ...admin,
  ...composer,
  ...files,
  ...first,
  ...inbox,
  ...lost,
  ...room,
  ...search,
  ...settings,
  ...setup,
  ...shell,
  ...timeline,
  ...widget,
};
