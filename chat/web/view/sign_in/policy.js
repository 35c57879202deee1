// The server's public policy: its name, and who may register.

import { useEffect, useReducer, useState } from "../../vendor/preact.js";
import { useChat } from "../shared/context.js";

/** Milliseconds until a failed request is repeated. */
const RETRY_DELAY = 3000;

/** @typedef {import("../../protocol").SetUpState} Policy */

/**
 * The policy; null until the server has answered. `problem` is the last error; the request is repeated until it succeeds.
 * @returns {{ policy: Policy | null, problem: import("../../model/types").ChatError | null, askAgain: () => void }}
 */
export function usePolicy() {
  const chat = useChat();
  const [policy, setPolicy] = useState(/** @type {Policy | null} */ (null));
  const [asked, askAgain] = useReducer((/** @type {number} */ count) => count + 1, 0);
  const [problem, setProblem] = useState(/** @type {any} */ (null));
  useEffect(() => {
    let timer = 0;
    let isGone = false;
    const ask = async () => {
      try {
        const found = /** @type {Policy} */ (await chat.call("GET", "/setup"));
        if (isGone) return;
        setPolicy(found);
        setProblem(null);
        if (found.picture || found.colour) void import("./brand.js").then(({ showBrand }) => showBrand(found));
      } catch (error) {
        if (isGone) return;
        setProblem(error);
        timer = setTimeout(ask, RETRY_DELAY);
      }
    };
    ask();
    return () => {
      isGone = true;
      clearTimeout(timer);
    };
  }, [chat, asked]);
  return { policy, problem, askAgain: () => askAgain(0) };
}
