// Who one is: an access token in memory, made anew from a cookie that no script can read.

import { errorOf, jsonOf, jsonOfRequest } from "./responses.js";
import { chatError, offline } from "./errors.js";
import { alone } from "./tabs.js";

/** @import { Me, Session as Told } from "../protocol" */

/** @typedef {ReturnType<typeof openSession>} Session */
/**
 * Where a refresh token is kept.
 * @typedef {object} Keeping
 * @property {string} lock who uses the token holds this lock
 * @property {() => { refresh?: string }} body what is sent of it
 * @property {(told: Told) => void} put told with each new session
 */

/** @type {Keeping} */
const IN_COOKIE = { lock: "refresh", body: () => ({}), put() {} };

/** Milliseconds for an answer. */
const ANSWERS_IN = 15_000;

/** A new token is asked for when so much of the time of the old one has passed. */
const RENEWED_AFTER = 0.8;

/**
 * @param {object} options
 * @param {(me: Me) => void} options.onMe told with each new session
 * @param {(reason: string) => void} options.onEnded the session is over, with what the server said of it
 * @param {Keeping} [options.kept] where the refresh token is kept
 */
export function openSession({ onMe, onEnded, kept = IN_COOKIE }) {
  let access = "";
  let renewAt = 0; // by performance.now(): the clock of this computer may be wrong
  let goodUntil = 0;
  let reason = "";
  let forgotten = 0; // how often: an answer from before is not of this session
  /** @type {Promise<void> | null} */
  let renewing = null;

  /** @param {Told} told */
  function adopt(told) {
    access = told.access;
    kept.put(told);
    reason = "";
    const lifetime = told.expires_in * 1000;
    renewAt = performance.now() + lifetime * RENEWED_AFTER;
    goodUntil = performance.now() + lifetime;
    onMe(told.me);
  }

  function renew() {
    renewing ??= alone(kept.lock, refresh).finally(() => {
      renewing = null;
    });
    return renewing;
  }

  async function refresh() {
    const mine = forgotten;
    const answer = await post("/auth/refresh", kept.body());
    const told = answer.ok ? await jsonOf(answer) : null;
    if (mine !== forgotten) throw left();
    if (told) return adopt(told);
    const error = await errorOf(answer);
    if (error.code !== "unauthenticated" && error.code !== "forbidden") throw error;
    access = "";
    onEnded(reason || error.message);
    throw chatError("unauthenticated", error.message, { status: 401 });
  }

  return {
    adopt,

    /** Get a new token; rejects with "unauthenticated" where the session is over. */
    renew,

    /** Whether there is a token. */
    isOpen: () => access !== "",

    /** The token is not good any more, as the server said. @param {string} [why] */
    doubt(why = "") {
      renewAt = goodUntil = 0;
      reason = why;
    },

    /** Milliseconds until the token should be renewed. */
    renewIn: () => Math.max(renewAt - performance.now(), 0),

    /** A token that is good for a while; where there is no newer one to be had, the one that still is good. */
    async access() {
      if (access !== "" && performance.now() < renewAt) return access;
      try {
        await renew();
      } catch (error) {
        if (access === "" || performance.now() >= goodUntil) throw error;
      }
      return access;
    },

    /** Forget the token. */
    forget() {
      forgotten += 1;
      access = "";
      renewAt = goodUntil = 0;
    },

    /**
     * Begin a session: log in, register or set up.
     * @param {string} path
     * @param {object} body
     */
    async begin(path, body) {
      adopt(await jsonOf(await post(path, body)));
    },

    /**
     * A call that ends all sessions and answers with a new one, as another password does. Nothing is refreshed meanwhile,
     * in no tab: the old cookie is not good any more, the new one not there yet.
     * @param {string} path
     * @param {unknown} body
     * @returns {Promise<Told>}
     */
    async replace(path, body) {
      const mine = forgotten;
      const bearer = await this.access();
      const replaced = alone("refresh", async () => {
        const told = await jsonOf(await post(path, /** @type {object} */ (body), bearer));
        if (mine !== forgotten) {
          await post("/auth/logout", kept.body(), told.access); // whoever logged out meanwhile stays so
          throw left();
        }
        adopt(told);
        return told;
      });
      const settled = replaced.then(
        () => {},
        () => {},
      );
      renewing = settled.finally(() => {
        renewing = null;
      });
      return replaced;
    },

    /** End the session on the server. Rejects where it does not answer. */
    async end() {
      const bearer = access;
      this.forget();
      const answer = await post("/auth/logout", kept.body(), bearer);
      if (!answer.ok && answer.status >= 500) throw await errorOf(answer);
    },
  };
}

function left() {
  return chatError("unauthenticated", "the session was left meanwhile", { status: 401 });
}

/**
 * @param {string} path
 * @param {object} body
 * @param {string} [bearer]
 */
async function post(path, body, bearer) {
  try {
    return await fetch(`/api/v1${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...(bearer ? { Authorization: `Bearer ${bearer}` } : {}) },
      body: jsonOfRequest(body),
      signal: AbortSignal.timeout(ANSWERS_IN),
    });
  } catch {
    throw offline();
  }
}
