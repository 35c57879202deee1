// The root view: the set-up, the log-in page, or the shell.

import { html, useEffect } from "../../vendor/preact.js";
import { loadStrings, t } from "../../i18n/index.js";
import { Announcer } from "../shared/announce.js";
import { ChatContext, useSelected } from "../shared/context.js";
import { Confirmations } from "../controls/dialog.js";
import { SignIn } from "../sign_in/sign_in.js";
import { Card } from "../sign_in/card.js";
import { fetchDeferred, loadStyles } from "./deferred_styles.js";
import { lazy, loadFeatures } from "../shared/lazy.js";
import { useRoute } from "../shared/router.js";

/** The shell with its texts and styles; the log-in page is small and comes first. */
export const Shell = lazy(async () => {
  fetchDeferred();
  const [shell] = await Promise.all([import("./shell.js"), loadStrings(loadFeatures()), loadStyles()]);
  return shell;
}, "Shell");
const SetUp = lazy(async () => {
  const [setUp] = await Promise.all([import("../setup/setup.js"), loadStrings()]);
  return setUp;
}, "SetUp");
const Reset = lazy(async () => {
  const [reset] = await Promise.all([import("../sign_in/reset.js"), loadStrings()]);
  return reset;
}, "Reset");
const ProviderPage = lazy(async () => {
  const [page] = await Promise.all([import("../sign_in/provider.js"), loadStrings(loadFeatures())]);
  return page;
}, "ProviderPage");

const RequiredSetUp = lazy(async () => {
  const [view] = await Promise.all([import("../sign_in/second_factor.js"), loadStrings(loadFeatures()), loadStyles()]);
  return view;
}, "RequiredSetUp");

/** @param {{ chat: import("../shared/context.js").Chat }} props */
export function App({ chat }) {
  useEffect(() => {
    // After typing on the log-in page, people soon need the shell.
    const load = () => Shell.load().catch(() => undefined);
    addEventListener("input", load, { once: true });
    return () => removeEventListener("input", load);
  }, []);
  return html`<${ChatContext.Provider} value=${chat}>
    <${Screen} />
    <${Confirmations} />
    <${Announcer} />
  <//>`;
}

function Screen() {
  const route = useRoute();
  const { me, connection } = useSelected((state) => ({ me: state.me, connection: state.connection.state }));
  if (route.screen === "setup") return html`<${SetUp} code=${route.hash} />`;
  if (route.screen === "reset") return html`<${Reset} code=${route.hash} />`;
  if (route.screen === "oidc") return html`<${ProviderPage} />`;
  if (connection === "ended" || route.screen === "invite") return html`<${SignIn} invite=${route.code} />`;
  if (connection === "second_factor") return html`<${RequiredSetUp} />`;
  if (me === null) return html`<${CheckingSession} isOffline=${connection === "offline"} />`;
  if (route.screen === "unknown") return html`<${Unknown} />`;
  return html`<${Shell} />`;
}

/**
 * Shown until it is known whether somebody is logged in.
 * @param {{ isOffline: boolean }} props
 */
function CheckingSession({ isOffline }) {
  if (isOffline) return html`<${Card} title=${t("sign_in.server_silent")} note=${t("sign_in.server_silent_note")} />`;
  return html`<main class="sign-in" aria-busy="true"><span class="spinner" role="status" aria-label=${t("common.loading")}></span></main>`;
}

function Unknown() {
  return html`<${Card} title=${t("common.not_found")}>
    <a class="button primary wide" href="/">${t("common.to_start")}</a>
  <//>`;
}
