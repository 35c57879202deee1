// Light, dark, or as the system has it.

import { preference } from "./preferences.js";

/** Show the theme that was chosen. */
export function applyTheme() {
  const theme = preference("theme", "system");
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}
