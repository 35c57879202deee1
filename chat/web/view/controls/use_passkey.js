// A button beside a field for a code: a passkey takes its place.

import { html, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { useChat } from "../shared/context.js";
import { canUsePasskeys, passkeyProblem, usePasskey } from "../shared/passkeys.js";
import { FormError } from "./fields.js";

/** @import { PasskeyChallenge, PasskeyCode } from "../../protocol" */

/** @param {{ onCode: (code: string) => void }} props called with a code that is good once, for two minutes */
export function UsePasskey({ onCode }) {
  const chat = useChat();
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  if (!canUsePasskeys()) return null;
  const use = async () => {
    setBusy(true);
    setProblem("");
    let host = "";
    try {
      const challenge = /** @type {PasskeyChallenge} */ (await chat.call("POST", "/auth/passkey/begin"));
      host = challenge.rp_id;
      const made = /** @type {PasskeyCode} */ (await chat.call("POST", "/auth/passkey/code", await usePasskey(challenge)));
      onCode(made.code);
    } catch (error) {
      setProblem(passkeyProblem(error, host));
    } finally {
      setBusy(false);
    }
  };
  return html`<button type="button" class="button wide" disabled=${isBusy} onClick=${use}>${t("passkey.use")}</button>
    <${FormError} text=${problem} />`;
}
