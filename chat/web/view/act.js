// Something that a person does and the server may refuse: busy meanwhile, and the reason in words.

import { useState } from "../vendor/preact.js";
import { t, tn } from "../i18n/index.js";

/** @typedef {import("../model/types").ChatError} ChatError */

/**
 * Why something was refused, in the reader's language where the page knows the reason.
 * @param {unknown} reason
 * @returns {string}
 */
export function refusalText(reason) {
  const error = /** @type {Partial<ChatError>} */ (reason);
  switch (error.code) {
    case "offline":
    case "unavailable":
      return t(`error.${error.code}`);
    case "too_many":
      return tn("error.too_many", Math.ceil((error.retryMs ?? 1000) / 1000));
    case "forbidden":
    case "not_found":
    case "gone":
      return t(`refused.${error.code}`);
    default:
      return error.message || t("refused.other");
  }
}

/**
 * A deed with its state. `act` resolves to true where it was done; a refusal stands in `error` until the next one.
 * @returns {{ act: (deed: () => Promise<unknown>) => Promise<boolean>, isBusy: boolean, error: string, field?: string }}
 */
export function useAct() {
  const [state, setState] = useState({ isBusy: false, error: "", field: /** @type {string | undefined} */ (undefined) });
  /** @param {() => Promise<unknown>} deed */
  const act = async (deed) => {
    setState({ isBusy: true, error: "", field: undefined });
    try {
      await deed();
    } catch (reason) {
      const { field } = /** @type {Partial<ChatError>} */ (reason);
      setState({ isBusy: false, error: refusalText(reason), field });
      return false;
    }
    setState({ isBusy: false, error: "", field: undefined });
    return true;
  };
  return { act, ...state };
}
