// Something that a person does and the server may refuse: busy meanwhile, and the reason in words.

import { useState } from "../../vendor/preact.js";
import { problemText } from "./problem.js";

/** @typedef {import("../../model/types").ChatError} ChatError */

/**
 * A deed with its state. `act` resolves to true where it was done; a refusal stands in `error` until the next one.
 * @returns {{ act: (deed: () => Promise<unknown>) => Promise<boolean>, isBusy: boolean, error: string, field?: string }}
 */
export function useAction() {
  const [state, setState] = useState({ isBusy: false, error: "", field: /** @type {string | undefined} */ (undefined) });
  /** @param {() => Promise<unknown>} deed */
  const act = async (deed) => {
    setState({ isBusy: true, error: "", field: undefined });
    try {
      await deed();
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
