// Passkeys in the browser (WebAuthn): made and used as the server wants, in the form in which it takes them.

import { t } from "../../i18n/index.js";
import { problemText } from "./problem.js";

/** @import { AddPasskey, NewPasskeyOptions, PasskeyChallenge, UsedPasskey } from "../../protocol" */

/** Milliseconds for which the browser asks; the server's challenge is good as long. */
const TIMEOUT = 300_000;

/** A browser has one request at a time: another one ends it. */
let asking = new AbortController();

/** End the request that waits, if one does; it rejects. */
export function stopAsking() {
  asking.abort();
  asking = new AbortController();
}

/** Whether the browser can use passkeys here: it may be too old, and without TLS none does. */
export const canUsePasskeys = () => "PublicKeyCredential" in globalThis;

/**
 * Have a challenge signed by a passkey. Rejects with a DOMException where the person cancels or the browser refuses.
 * @param {PasskeyChallenge} challenge
 * @param {CredentialMediationRequirement} [mediation]
 * @returns {Promise<UsedPasskey>}
 */
export async function usePasskey({ challenge, rp_id }, mediation) {
  stopAsking();
  const publicKey = { challenge: toBytes(challenge), rpId: rp_id, userVerification: /** @type {const} */ ("required"), timeout: TIMEOUT };
  const used = /** @type {PublicKeyCredential} */ (await navigator.credentials.get({ publicKey, signal: asking.signal, ...(mediation && { mediation }) }));
  const answer = /** @type {AuthenticatorAssertionResponse} */ (used.response);
  return {
    id: toText(used.rawId),
    client_data: toText(answer.clientDataJSON),
    authenticator_data: toText(answer.authenticatorData),
    signature: toText(answer.signature),
    user: toText(answer.userHandle ?? new ArrayBuffer(1)), // none: it is not one of ours
  };
}

/**
 * Make a passkey. Rejects as `usePasskey` does.
 * @param {NewPasskeyOptions} options
 * @returns {Promise<Omit<AddPasskey, "name">>}
 */
export async function makePasskey({ challenge, rp_id, user, name, server, algorithms, known }) {
  stopAsking();
  const made = /** @type {PublicKeyCredential} */ (
    await navigator.credentials.create({
      publicKey: {
        challenge: toBytes(challenge),
        rp: { id: rp_id, name: server || rp_id },
        user: { id: toBytes(user), name, displayName: name },
        pubKeyCredParams: algorithms.map((alg) => ({ type: "public-key", alg })),
        excludeCredentials: known.map(({ id, transports }) => ({ type: "public-key", id: toBytes(id), transports: /** @type {any} */ (transports) })),
        authenticatorSelection: { residentKey: "required", requireResidentKey: true, userVerification: "required" },
        attestation: "none",
        timeout: TIMEOUT,
      },
    })
  );
  const answer = /** @type {AuthenticatorAttestationResponse} */ (made.response);
  return {
    id: toText(made.rawId),
    client_data: toText(answer.clientDataJSON),
    attestation: toText(answer.attestationObject),
    transports: answer.getTransports?.() ?? [],
  };
}

/**
 * The text of what went wrong, in the browser or on the server.
 * @param {any} error
 * @param {string} [host] of the passkeys
 * @returns {string}
 */
export function passkeyProblem(error, host = "") {
  if (!(error instanceof DOMException)) return problemText(error);
  if (error.name === "NotAllowedError" || error.name === "AbortError") return t("passkey.cancelled");
  if (error.name === "InvalidStateError") return t("passkey.known");
  if (error.name === "SecurityError") return t("passkey.elsewhere", { host });
  return t("passkey.failed", { error: error.name });
}

/** @param {string} text base64url */
function toBytes(text) {
  const raw = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(raw, (letter) => letter.charCodeAt(0));
}

/** @param {ArrayBuffer} buffer */
function toText(buffer) {
  const raw = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(raw).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
