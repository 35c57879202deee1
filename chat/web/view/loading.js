// What the server is asked for while a view is shown: once, again on demand, and page by page.

import { useCallback, useEffect, useRef, useState } from "../vendor/preact.js";
import { problemText } from "./problem.js";

/** Milliseconds after the last letter until what is typed is looked for. */
const PAUSE = 200;

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
  /** @param {(items: T[]) => T[]} change what the server answered of the items that are shown */
  const update = (change) => page && first.set({ ...page, items: change(page.items) });
  return { items: page?.items, update, hasMore: Boolean(page?.next), more, isBusy, error: first.error || error, reload: first.reload };
}

/** A text, when nothing was typed for a moment. @param {string} text */
export function useSettled(text) {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), PAUSE);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}
