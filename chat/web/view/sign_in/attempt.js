// Submits a form: its values, one attempt at a time, the error and the seconds to wait.

import { useEffect, useRef, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { problemText, waitText } from "../shared/problem.js";

/** @typedef {import("../../model/types").ChatError} ChatError */

/**
 * @typedef {object} Attempt
 * @property {(act: () => Promise<unknown>) => Promise<void>} run runs an action unless one is running; never rejects
 * @property {boolean} isBusy
 * @property {number} wait seconds until the next attempt is allowed
 * @property {ChatError | null} error
 * @property {() => void} clear
 */

/** @returns {Attempt} */
export function useAttempt() {
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState(/** @type {ChatError | null} */ (null));
  const [until, setUntil] = useState(0);
  const running = useRef(false);
  const wait = useSecondsUntil(until);
  const run = async (/** @type {() => Promise<unknown>} */ act) => {
    if (running.current) return;
    running.current = true;
    setBusy(true);
    setError(null);
    try {
      await act();
    } catch (problem) {
      const known = /** @type {ChatError} */ (problem);
      setError(known);
      setUntil(known.code === "too_many" && known.retryMs ? Date.now() + known.retryMs : 0);
    } finally {
      running.current = false;
      setBusy(false);
    }
  };
  return { run, isBusy, wait, error, clear: () => setError(null) };
}

/** @param {number} until Unix milliseconds */
function useSecondsUntil(until) {
  const [now, setNow] = useState(Date.now());
  const left = Math.max(0, Math.ceil((until - now) / 1000));
  useEffect(() => {
    if (until <= Date.now()) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 250);
    return () => clearInterval(timer);
  }, [until, left === 0]);
  return left;
}

/**
 * The text of an error on the log-in page.
 * @param {ChatError} error
 * @param {number} [wait] seconds
 * @returns {string}
 */
export function attemptError(error, wait = 0) {
  if (error.code === "too_many") return wait > 0 ? `${t("error.too_many")} ${waitText(wait)}` : t("sign_in.again");
  if (error.code === "outcome_unknown") return t("sign_in.unknown");
  if (error.code === "taken") return t(error.field === "email" ? "sign_in.email_taken" : "sign_in.taken");
  if (error.code === "gone") return t("sign_in.invite_over");
  if (error.code === "unauthenticated" && error.field !== "code" && error.reason !== "passwords_off") return t(error.reason === "account_disabled" ? "sign_in.disabled" : "sign_in.wrong");
  return problemText(error);
}

/**
 * The values of a form's fields, by their names.
 * @param {SubmitEvent & { currentTarget: HTMLFormElement }} event
 * @returns {Record<string, string>}
 */
export function formValues(event) {
  event.preventDefault();
  const values = [...new FormData(event.currentTarget)];
  return Object.fromEntries(values.map(([name, value]) => [name, String(value)]));
}
