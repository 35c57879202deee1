// What exports and imports share: the proof of who one is, the state that is asked for again and again, progress and failures.

import { html, useEffect, useState } from "../../vendor/preact.js";
import { language, t } from "../../i18n/index.js";
import { isChatError } from "../../net/errors.js";
import { Field } from "../controls/fields.js";
import { fileSize } from "../files/file_kinds.js";
import { useSelected } from "../shared/context.js";
import { useHasPassword } from "../shared/own_password.js";
import { problemText } from "../shared/problem.js";
import { importProblem } from "./import_problems.js";

/** Milliseconds from one look at the progress to the next. */
const LOOK = 1_000;

const STAGES = /** @type {const} */ ({
  log: "transfer.stage_log",
  files: "transfer.stage_files",
  packing: "transfer.stage_packing",
  converting: "transfer.stage_converting",
  reading: "transfer.stage_reading",
  people: "transfer.stage_people",
  rooms: "transfer.stage_rooms",
});

/** The fields of a request that prove who one is, and the properties of the field where one does. */
export function useProof() {
  const hasPassword = useHasPassword();
  const [password, setPassword] = useState("");
  return { proof: hasPassword ? { password } : {}, props: { hasPassword, password, onInput: setPassword, isReady: !hasPassword || Boolean(password) } };
}

/** @param {{ hasPassword: boolean, password: string, onInput: (text: string) => void, error: string }} props */
export function Proof({ hasPassword, password, onInput, error }) {
  const name = useSelected((state) => state.me?.name);
  return html`<input type="text" hidden readonly autocomplete="username" value=${name} />
    ${hasPassword && html`<${Field} label=${t("export.password")} type="password" value=${password} onInput=${onInput} autocomplete="current-password" required error=${error} />`}`;
}

/**
 * What `load` returns, again and again while it is `isLive`; null where there is none, undefined while nobody knows.
 * `problem` says why nobody can know.
 * @template T
 * @param {() => Promise<T>} load
 * @param {(found: T) => boolean} isLive
 */
export function useTransfer(load, isLive) {
  const [found, setFound] = useState(/** @type {T | null | undefined} */ (undefined));
  const [problem, setProblem] = useState("");
  const isMoving = found ? isLive(found) : false;
  useEffect(() => {
    let isGone = false;
    const look = async () => {
      try {
        const now = await load();
        if (!isGone) setFound(now);
      } catch (failure) {
        if (!isChatError(failure)) throw failure;
        if (isGone) return;
        if (failure.code === "not_found") setFound(null); // else the server does not answer just now
        if (failure.code === "forbidden") setProblem(problemText(failure));
      }
    };
    look();
    const timer = isMoving ? setInterval(look, LOOK) : undefined;
    return () => {
      isGone = true;
      clearInterval(timer);
    };
  }, [isMoving]);
  return { found, set: setFound, problem };
}

/** @param {{ of: { stage?: string, done?: number, whole?: number }, label: string }} props */
export function Progress({ of: { stage, done = 0, whole = 0 }, label }) {
  const format = new Intl.NumberFormat(language());
  const shown = stage === "packing" ? fileSize : (/** @type {number} */ count) => format.format(count);
  const text = stage && Object.hasOwn(STAGES, stage) ? STAGES[/** @type {keyof typeof STAGES} */ (stage)] : "transfer.waiting";
  return html`<p><progress max=${Math.max(whole, 1)} value=${stage && whole ? done : undefined} aria-label=${label} /></p>
    <p class="soft">${t(text, { done: shown(done), whole: shown(whole) })}</p>`;
}

/** @param {{ failure?: string, problem?: string, cause?: import("../../protocol").ImportCause }} failed */
export function failureText({ failure, problem = "", cause }) {
  if (failure === "no_space") return t("transfer.no_space");
  if (failure === "bad") return importProblem(problem, cause);
  if (failure === "cancelled") return t("transfer.cancelled");
  return t(failure === "disk" ? "transfer.disk" : "transfer.stopped", { problem });
}
