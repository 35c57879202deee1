// Starts the support widget's panel, in a frame on another site.

import { loadStrings, startLanguage, tn } from "../i18n/index.js";
import { html, render } from "../vendor/preact.js";
import { colourRules } from "../view/shared/own_colour.js";
import { openHost } from "./host.js";
import { greet } from "./greeting.js";
import { Panel } from "./panel_view.js";
import { openSound } from "./sound.js";
import { conversationOf, openVisitor } from "./visitor.js";

await startLanguage();
await loadStrings();
/** The panel's height in pixels: with only a greeting, and with a conversation. */
const SHORT = 430;
const TALL = 520;

/** @type {Set<import("./host.js").OnShow>} */
const shown = new Set();
let isShown = false;
const host = openHost(
  (isOpen, wantsFocus) => {
    isShown = isOpen;
    for (const listener of shown) listener(isOpen, wantsFocus);
    describe();
  },
  (token) => visitor.identify(token).catch(() => {}), // the first message tries again
);
const visitor = openVisitor(host.page, host.team);
const sound = openSound();
/** @type {number | undefined} unread messages of the conversation, once it is known */
let heard;
visitor.subscribe(describe);
visitor.subscribe(announceHidden);
if (host.colour) {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`${colourRules(":root", host.colour)} :root { --selected: color-mix(in srgb, var(--accent) 16%, var(--surface)) }`);
  document.adoptedStyleSheets = [sheet];
}
const root = document.getElementById("app");
if (root) render(html`<${Panel} visitor=${visitor} host=${host} shown=${shown} sound=${sound} />`, root);
if (host.greeting && !visitor.hasToken()) void greet(host, visitor, shown);

/** Not in a view, because a hidden frame renders nothing. */
function describe() {
  const unread = isShown ? 0 : (conversationOf(visitor.get())?.info.unread ?? 0);
  host.describe(unread, unread ? tn("timeline.newCount", unread) : "", visitor.hasToken() ? TALL : SHORT);
}

/** Play the sound if an answer comes while nobody looks. */
function announceHidden() {
  const unread = conversationOf(visitor.get())?.info.unread;
  if (heard !== undefined && unread !== undefined && unread > heard && document.hidden) sound.play();
  heard = unread;
}
