// Which view is shown: the set-up, the door, or the shell with everything that a person has.

import { html } from "../vendor/preact.js";
import { t } from "../i18n/index.js";
import { Announcer } from "./announce.js";
import { ChatContext, useSelected } from "./context.js";
import { Confirmations } from "./dialog.js";
import { Door } from "./door.js";
import { useRoute } from "./router.js";
import { SetUp } from "./setup.js";
import { Shell } from "./shell.js";

/** @param {{ chat: import("./context.js").Chat }} props */
export function App({ chat }) {
  return html`<${ChatContext.Provider} value=${chat}>
    <${Screen} />
    <${Confirmations} />
    <${Announcer} />
  <//>`;
}

function Screen() {
  const route = useRoute();
  const isIn = useSelected((state) => state.me !== null && state.line.state !== "ended");
  if (route.screen === "setup") return html`<${SetUp} code=${route.hash} />`;
  if (!isIn || route.screen === "invite") return html`<${Door} invite=${route.code} />`;
  if (route.screen === "unknown") return html`<${Unknown} />`;
  return html`<${Shell} />`;
}

function Unknown() {
  return html`<main class="door"><div class="door-card">
    <h1>${t("common.not_found")}</h1>
    <a class="button primary" href="/">${t("common.to_start")}</a>
  </div></main>`;
}
