// Shown to somebody who must set up two-factor authentication before they can do anything else.

import { html } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { Passkeys } from "../../features/second_factor/passkeys.js";
import { SetUp } from "../../features/second_factor/set_up.js";
import { useChat } from "../shared/context.js";
import { useTitle } from "../shared/title.js";
import { Card } from "./card.js";

export function RequiredSetUp() {
  const chat = useChat();
  useTitle(t("factor.required"));
  return html`<${Card} title=${t("factor.required")} note=${t("factor.required_text")}>
    <${SetUp} onDone=${chat.reconnect} />
    <${Passkeys} hasFactor=${false} isOffer=${true} onChanged=${chat.reconnect} />
    <p class="sign-in-other"><button type="button" class="link" onClick=${() => chat.logOut()}>${t("factor.log_out")}</button></p>
  <//>`;
}
