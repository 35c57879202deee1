// Runs an action that the server may refuse, with its progress and its error text.

import { useState } from "../../vendor/preact.js";
import { problemText } from "./problem.js";

/** @typedef {import("../../model/types").ChatError} ChatError */

/**
 * An action's state. `act` resolves to true if the action succeeded; otherwise `error` has the reason until the next one.
 * @returns {{ act: (action: () => Promise<unknown>) => Promise<boolean>, isBusy: boolean, error: string, field?: string }}
 */
export function useAction() {
  const [state, setState] = useState({ isBusy: false, error: "", field: /** @type {string | undefined} */ (undefined) });
  /** @param {() => Promise<unknown>} action */
  const act = async (action) => {
    setState({ isBusy: true, error: "", field: undefined });
    try {
      await action();
    } catch (reason) {
      const { field } = /** @type {Partial<ChatError>} */ (reason);
      setState({ isBusy: false, error: problemText(reason), field });
      return false;
    }
    setState({ isBusy: false, error: "", field: undefined });
    return true;
  };
  return { act, ...state };
}
