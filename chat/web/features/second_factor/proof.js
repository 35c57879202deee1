// The fields with which one proves who one is: the password, and a code or a passkey of the second factor.

import { html, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { Field } from "../../view/controls/fields.js";
import { UsePasskey } from "../../view/controls/use_passkey.js";
import { useSelected } from "../../view/shared/context.js";
import { useHasPassword } from "../../view/shared/own_password.js";

/**
 * The values, and whether they are complete. `asksCode`: there is a second factor.
 * @param {boolean} asksCode
 */
export function useProof(asksCode) {
  const hasPassword = useHasPassword();
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const proof = { ...(hasPassword && { password }), ...(asksCode && { code: code.trim() }) };
  const isComplete = (!hasPassword || password !== "") && (!asksCode || code.trim() !== "");
  return { proof, isComplete, fields: { hasPassword, password, setPassword, asksCode, code, setCode } };
}

/** @param {{ fields: ReturnType<typeof useProof>["fields"], error: string, field?: string }} props the error, and the field that it is about */
export function ProofFields({ fields, error, field }) {
  const { hasPassword, password, setPassword, asksCode, code, setCode } = fields;
  const name = useSelected((state) => state.me?.name);
  return html`
    <input type="text" hidden readonly autocomplete="username" value=${name} />
    ${hasPassword && html`<${Field} label=${t("factor.password")} type="password" value=${password} onInput=${setPassword} autocomplete="current-password" required autofocus error=${field === "password" ? error : ""} />`}
    ${asksCode && html`<${Field} label=${t("factor.code")} hint=${t("factor.log_in_hint")} value=${code} onInput=${setCode} autocomplete="one-time-code" maxlength="64" dir="ltr" required error=${field === "code" ? error : ""} />
      <${UsePasskey} onCode=${setCode} />`}
  `;
}
