// Starts the support widget's panel, in a frame on another site.

import { startLanguage } from "../i18n/index.js";
import { html, render } from "../vendor/preact.js";
import { openHost } from "./host.js";
import { Panel } from "./view.js";
import { openVisitor } from "./visitor.js";

await startLanguage();
/** @type {Set<(isOpen: boolean) => void>} */
const shown = new Set();
const host = openHost((isOpen) => {
  for (const listener of shown) listener(isOpen);
});
const visitor = openVisitor(host.page);
const root = document.getElementById("app");
if (root) render(html`<${Panel} visitor=${visitor} host=${host} shown=${shown} />`, root);
host.ready();
