// What the server is asked for while a view is shown: once, again on demand, and page by page.

import { useCallback, useEffect, useRef, useState } from "../vendor/preact.js";
import { problemText } from "./problem.js";

/**
 * What `load` resolves to; loaded again when one of `inputs` changes. An answer that is overtaken is dropped.
 * @template T
 * @param {() => Promise<T>} load
 * @param {readonly unknown[]} inputs
 * @returns {{ value: T | undefined, error: string, reload: () => void, set: (value: T) => void }}
 */
export function useLoaded(load, inputs) {
  const [state, setState] = useState(/** @type {{ value?: T, error: string }} */ ({ error: "" }));
  const newest = useRef(0);
  const reload = useCallback(() => {
    const mine = ++newest.current;
    load().then(
      (value) => mine === newest.current && setState({ value, error: "" }),
      (reason) => mine === newest.current && setState((held) => ({ ...held, error: problemText(reason) })),
    );
  }, inputs);
  useEffect(() => {
    reload();
    return () => void (newest.current += 1);
  }, [reload]);
  return { value: state.value, error: state.error, reload, set: (value) => setState({ value, error: "" }) };
}

/**
 * A list that comes in pages: the first at once, the next by `more`.
 * @template T
 * @param {(after: number | string | undefined) => Promise<{ items: T[], next?: number | string }>} load
 * @param {readonly unknown[]} inputs
 */
export function usePages(load, inputs) {
  const first = useLoaded(() => load(undefined), inputs);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState("");
  const page = first.value;
  const more = async () => {
    if (isBusy || !page?.next) return;
    setBusy(true);
    try {
      const { items, next } = await load(page.next);
      first.set({ items: [...page.items, ...items], next });
      setError("");
    } catch (reason) {
      setError(problemText(reason));
    }
    setBusy(false);
  };
  return { items: page?.items, hasMore: Boolean(page?.next), more, isBusy, error: first.error || error, reload: first.reload };
}
