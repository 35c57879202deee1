// What a view asks the server for and nobody else keeps: one answer, or a list that comes page by page.

import { useEffect, useRef, useState } from "../vendor/preact.js";
import { useChat } from "./context.js";
import { problemText } from "./problem.js";

/**
 * The answer to a GET; asked again where the path changes, or by `again`. What came before stays until the next is there.
 * @template T
 * @param {string | null} path below /api/v1; null asks for nothing
 * @returns {{ found: T | null, problem: string | null, again: () => void, put: (found: T) => void }}
 */
export function useAnswer(path) {
  const chat = useChat();
  const [found, put] = useState(/** @type {T | null} */ (null));
  const [problem, setProblem] = useState(/** @type {string | null} */ (null));
  const [count, setCount] = useState(0);
  useEffect(() => {
    if (path === null) return undefined;
    let isWanted = true;
    chat.call("GET", path).then(
      (answer) => {
        if (!isWanted) return;
        setProblem(null);
        put(/** @type {T} */ (answer));
      },
      (error) => isWanted && setProblem(problemText(error)),
    );
    return () => {
      isWanted = false;
    };
  }, [chat, path, count]);
  return { found, problem, again: () => setCount(count + 1), put };
}

/**
 * A list, its first page at once and each further one by `more`. Where the path or `version` changes it begins anew.
 * @template T
 * @param {string | null} path below /api/v1, with a query; null asks for nothing
 * @param {string} field what the answer calls the list
 * @param {unknown} [version]
 * @returns {{ items: T[], isBusy: boolean, problem: string | null, more: (() => void) | null, change: (by: (items: T[]) => T[]) => void }}
 */
export function usePages(path, field, version) {
  const chat = useChat();
  const [items, setItems] = useState(/** @type {T[]} */ ([]));
  const [next, setNext] = useState(/** @type {string | number | null} */ (null));
  const [isBusy, setBusy] = useState(path !== null);
  const [problem, setProblem] = useState(/** @type {string | null} */ (null));
  const asked = useRef(/** @type {object | null} */ (null));

  const load = async (/** @type {string | number | null} */ after) => {
    const question = (asked.current = {});
    setBusy(true);
    setProblem(null);
    try {
      const place = after === null ? "" : `&after=${encodeURIComponent(after)}`;
      const page = /** @type {any} */ (await chat.call("GET", `${path}${place}`));
      if (asked.current !== question) return;
      setItems((before) => (after === null ? page[field] : [...before, ...page[field]]));
      setNext(page.next ?? null);
    } catch (error) {
      if (asked.current === question) setProblem(problemText(error));
    }
    if (asked.current === question) setBusy(false);
  };
  useEffect(() => {
    if (path !== null) void load(null);
    return () => {
      asked.current = null;
    };
  }, [chat, path, version]);
  const more = next !== null && !isBusy && !problem ? () => void load(next) : null;
  return { items, isBusy, problem, more, change: setItems };
}
