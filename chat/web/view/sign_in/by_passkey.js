// Logging in by a passkey: a button, and the browser's own list in the field for the name, where it has one.

import { html, useEffect, useRef, useState } from "../../vendor/preact.js";
import { loadStrings, t } from "../../i18n/index.js";
import { FormError } from "../controls/fields.js";
import { useChat } from "../shared/context.js";
import { loadFeatures } from "../shared/lazy.js";
import { passkeyProblem, stopAsking, usePasskey } from "../shared/passkeys.js";

/** @import { PasskeyChallenge } from "../../protocol" */

/** Milliseconds after which the list gets another challenge: the server takes one for five minutes. */
const RENEW = 240_000;

/** @param {{ onDone?: () => unknown }} props it is a part of the form for the password */
export function ByPasskey({ onDone }) {
  const chat = useChat();
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const turn = useRef(0);
  const button = useRef(/** @type {HTMLButtonElement | null} */ (null));

  /** @param {CredentialMediationRequirement} [mediation] */
  const logIn = async (mediation) => {
    const mine = ++turn.current;
    let host = "";
    try {
      const challenge = /** @type {PasskeyChallenge} */ (await chat.call("POST", "/auth/passkey/begin"));
      host = challenge.rp_id;
      if (mine !== turn.current || !button.current) return; // somebody has clicked since, or the form is gone
      const used = await usePasskey(challenge, mediation);
      const shared = /** @type {any} */ (button.current.form?.elements.namedItem("shared"))?.checked;
      await chat.logInByPasskey(used, { shared });
      await onDone?.();
    } catch (error) {
      if (mediation && error instanceof DOMException) return; // nobody has asked for anything
      await loadStrings(loadFeatures()).catch(() => undefined);
      setProblem(passkeyProblem(error, host));
    }
  };
  const click = async () => {
    setBusy(true);
    setProblem("");
    await logIn();
    setBusy(false);
  };
  useEffect(() => {
    let renewed = -RENEW;
    const offer = async () => {
      if (document.hidden || performance.now() - renewed < RENEW) return;
      if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
      renewed = performance.now();
      logIn("conditional");
    };
    offer();
    const timer = setInterval(offer, RENEW);
    document.addEventListener("visibilitychange", offer);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", offer);
      stopAsking();
    };
  }, []);
  return html`<button ref=${button} type="button" class="button wide" disabled=${isBusy} onClick=${click}>${t("sign_in.passkey")}</button>
    <${FormError} text=${problem} />`;
}
