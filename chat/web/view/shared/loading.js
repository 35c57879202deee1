// Loads data for a view: once, again on demand, and page by page.

import { useCallback, useEffect, useRef, useState } from "../../vendor/preact.js";
import { useSelected } from "./context.js";
import { problemText } from "./problem.js";

/** Milliseconds after the last keystroke until a search starts. */
const PAUSE = 200;

/**
 * The result of `load`. It is loaded again when one of `inputs` changes, and after being offline. Outdated answers are
 * dropped.
 * @template T
 * @param {() => Promise<T>} load
 * @param {readonly unknown[]} inputs
 * @returns {{ value: T | undefined, error: string, reload: () => void, set: (value: T) => void, change: (change: (value: T) => T) => void, shown: () => number | null }}
 *   `change` alters the shown value; `shown` identifies the last load, null while another one runs
 */
export function useLoaded(load, inputs) {
  const [state, setState] = useState(/** @type {{ value?: T, error: string }} */ ({ error: "" }));
  const newest = useRef(0);
  const answered = useRef(0);
  const hasFailed = useRef(false); // with "offline"
  const isLive = useSelected((state) => state.connection.state === "live");
  const reload = useCallback(() => {
    const mine = ++newest.current;
    const put = (/** @type {(loaded: { value?: T, error: string }) => { value?: T, error: string }} */ change) => {
      if (mine !== newest.current) return;
      answered.current = mine;
      setState(change);
    };
    load().then(
      (value) => put(() => ({ value, error: "" })),
      (reason) => {
        if (mine === newest.current) hasFailed.current = reason.code === "offline";
        put((loaded) => ({ ...loaded, error: problemText(reason) }));
      },
    );
  }, inputs);
  useEffect(() => {
    if (!isLive || !hasFailed.current) return;
    hasFailed.current = false;
    reload();
  }, [isLive]);
  useEffect(() => {
    reload();
    return () => void (newest.current += 1);
  }, [reload]);
  /** @param {(value: T) => T} change */
  const change = (change) => setState((loaded) => (loaded.value === undefined ? loaded : { ...loaded, value: change(loaded.value) }));
  return {
    ...{ value: state.value, error: state.error, reload, change },
    set: (value) => setState({ value, error: "" }),
    shown: () => (answered.current === newest.current ? newest.current : null),
  };
}

/**
 * A list in pages: the first is loaded at once, the next by `more`. A page of a list that was reloaded meanwhile is
 * dropped.
 * @template T
 * @param {(after: number | string | undefined) => Promise<{ items: T[], next?: number | string }>} load
 * @param {readonly unknown[]} inputs
 */
export function usePages(load, inputs) {
  const first = useLoaded(() => load(undefined), inputs);
  const [asked, setAsked] = useState({ list: /** @type {number | null} */ (null), isBusy: false, error: "" });
  const busy = useRef(/** @type {number | null} */ (null)); // the list whose next page is loading
  const page = first.value;
  const list = first.shown();
  const more = async () => {
    if (list === null || busy.current === list || !page?.next) return;
    busy.current = list;
    setAsked({ list, isBusy: true, error: "" });
    let error = "";
    try {
      const { items, next } = await load(page.next);
      if (first.shown() === list) first.change((loaded) => ({ items: [...loaded.items, ...items], next }));
    } catch (reason) {
      error = problemText(reason);
    }
    if (busy.current !== list) return; // a page of the current list is loading
    busy.current = null;
    setAsked({ list, isBusy: false, error });
  };
  /** @param {(items: T[]) => T[]} change applied to the loaded items */
  const update = (change) => first.change((loaded) => ({ ...loaded, items: change(loaded.items) }));
  const { isBusy, error } = asked.list === list ? asked : { isBusy: false, error: "" };
  return { items: page?.items, update, hasMore: Boolean(page?.next), more, isBusy, error: first.error || error, reload: first.reload };
}

/** The text, once nothing was typed for a moment. @param {string} text */
export function useDebounced(text) {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), PAUSE);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}
