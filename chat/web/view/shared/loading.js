// What the server is asked for while a view is shown: once, again on demand, and page by page.

import { useCallback, useEffect, useRef, useState } from "../../vendor/preact.js";
import { useSelected } from "./context.js";
import { problemText } from "./problem.js";

/** Milliseconds after the last letter until what is typed is looked for. */
const PAUSE = 200;

/**
 * What `load` resolves to; loaded again when one of `inputs` changes, and with the next connection where there was none.
 * An answer that is overtaken is dropped.
 * @template T
 * @param {() => Promise<T>} load
 * @param {readonly unknown[]} inputs
 * @returns {{ value: T | undefined, error: string, reload: () => void, set: (value: T) => void, change: (change: (value: T) => T) => void, shown: () => number | null }}
 *   `change` alters what is shown; `shown` names what was loaded last, null while something else is loaded
 */
export function useLoaded(load, inputs) {
  const [state, setState] = useState(/** @type {{ value?: T, error: string }} */ ({ error: "" }));
  const newest = useRef(0);
  const answered = useRef(0);
  const hasFailed = useRef(false); // nothing answered
  const isLive = useSelected((state) => state.connection.state === "live");
  const reload = useCallback(() => {
    const mine = ++newest.current;
    const put = (/** @type {(held: { value?: T, error: string }) => { value?: T, error: string }} */ change) => {
      if (mine !== newest.current) return;
      answered.current = mine;
      setState(change);
    };
    load().then(
      (value) => put(() => ({ value, error: "" })),
      (reason) => {
        if (mine === newest.current) hasFailed.current = reason.code === "offline";
        put((held) => ({ ...held, error: problemText(reason) }));
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
  const change = (change) => setState((held) => (held.value === undefined ? held : { ...held, value: change(held.value) }));
  return {
    ...{ value: state.value, error: state.error, reload, change },
    set: (value) => setState({ value, error: "" }),
    shown: () => (answered.current === newest.current ? newest.current : null),
  };
}

/**
 * A list that comes in pages: the first at once, the next by `more`. A page of a list that is loaded again meanwhile is
 * dropped.
 * @template T
 * @param {(after: number | string | undefined) => Promise<{ items: T[], next?: number | string }>} load
 * @param {readonly unknown[]} inputs
 */
export function usePages(load, inputs) {
  const first = useLoaded(() => load(undefined), inputs);
  const [asked, setAsked] = useState({ list: /** @type {number | null} */ (null), isBusy: false, error: "" });
  const busy = useRef(/** @type {number | null} */ (null)); // the list whose next page is asked for
  const page = first.value;
  const list = first.shown();
  const more = async () => {
    if (list === null || busy.current === list || !page?.next) return;
    busy.current = list;
    setAsked({ list, isBusy: true, error: "" });
    let error = "";
    try {
      const { items, next } = await load(page.next);
      if (first.shown() === list) first.change((held) => ({ items: [...held.items, ...items], next }));
    } catch (reason) {
      error = problemText(reason);
    }
    if (busy.current !== list) return; // of the list that is shown now, a page is asked for already
    busy.current = null;
    setAsked({ list, isBusy: false, error });
  };
  /** @param {(items: T[]) => T[]} change what the server answered of the items that are shown */
  const update = (change) => first.change((held) => ({ ...held, items: change(held.items) }));
  const { isBusy, error } = asked.list === list ? asked : { isBusy: false, error: "" };
  return { items: page?.items, update, hasMore: Boolean(page?.next), more, isBusy, error: first.error || error, reload: first.reload };
}

/** A text, when nothing was typed for a moment. @param {string} text */
export function useDebounced(text) {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), PAUSE);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}
