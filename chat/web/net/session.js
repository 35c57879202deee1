// The session: an access token in memory, renewed with a cookie that scripts cannot read.

import { chatError, encodeJson, offline, readError, readJson } from "./errors.js";
import { withLock } from "./tabs.js";

/** @import { Me, Session as SessionAnswer } from "../protocol" */

/** @typedef {ReturnType<typeof openSession>} Session */
/**
 * Where the refresh token is stored.
 * @typedef {object} TokenStore
 * @property {string} lock held while the token is used
 * @property {() => { refresh?: string }} body the part of a request's body that carries it
 * @property {(answer: SessionAnswer) => void} put called with each new session
 */

/** @type {TokenStore} */
const IN_COOKIE = { lock: "refresh", body: () => ({}), put() {} };

/** Set where somebody was logged in when this browser last had the page: head.js then fetches all of the page at once. */
const KNOWN = "chat-known";

/** Milliseconds for a response. */
const TIMEOUT = 15_000;

/** The reason with which the server closes the sockets of a disabled account. */
export const ACCOUNT_DISABLED = "your account is disabled";

/** A token is renewed after this part of its lifetime. */
const RENEW_AFTER = 0.8;

/**
 * @param {object} options
 * @param {(me: Me) => void} options.onMe called with each new session
 * @param {(isDisabled: boolean) => void} options.onEnded called when the session is over
 * @param {TokenStore} [options.tokenStore]
 */
export function openSession({ onMe, onEnded, tokenStore = IN_COOKIE }) {
  let access = "";
  let renewAt = 0; // by performance.now(), because this computer's clock may be wrong
  let validUntil = 0;
  let closeReason = "";
  let generation = 0; // counts `forget`: an answer to an earlier request belongs to another session
  /** @type {Promise<void> | null} */
  let renewing = null;

  /** @param {SessionAnswer} answer */
  function adopt(answer) {
    access = answer.access;
    tokenStore.put(answer);
    closeReason = "";
    const lifetime = answer.expires_in * 1000;
    renewAt = performance.now() + lifetime * RENEW_AFTER;
    validUntil = performance.now() + lifetime;
    onMe(answer.me);
  }

  function renew() {
    renewing ??= withLock(tokenStore.lock, refresh).finally(() => {
      renewing = null;
    });
    return renewing;
  }

  async function refresh() {
    const mine = generation;
    const response = await post("/auth/refresh", tokenStore.body());
    const answer = response.ok ? await readJson(response) : null;
    if (mine !== generation) throw sessionEnded();
    if (answer) return adopt(answer);
    const error = await readError(response);
    const isOver = error.code === "unauthenticated" || error.code === "forbidden";
    if (!isOver || error.reason?.startsWith("address_banned")) throw error; // the session goes on in another network
    access = "";
    onEnded(closeReason === ACCOUNT_DISABLED || error.reason === "account_disabled");
    throw chatError("unauthenticated", error.message, { status: 401 });
  }

  return {
    adopt,

    /** Get a new token; rejects with "unauthenticated" where the session is over. */
    renew,

    /** Whether there is a token. */
    hasToken: () => access !== "",

    /** The server no longer accepts the token. @param {string} [why] the reason with which it closed the socket */
    invalidate(why = "") {
      renewAt = validUntil = 0;
      closeReason = why;
    },

    /** Milliseconds until the token should be renewed. */
    renewIn: () => Math.max(renewAt - performance.now(), 0),

    /** A valid token. If it should be renewed and cannot be, the old one while it is valid. */
    async access() {
      if (access !== "" && performance.now() < renewAt) return access;
      try {
        await renew();
      } catch (error) {
        if (access === "" || performance.now() >= validUntil) throw error;
      }
      return access;
    },

    /** Drop the token; answers that are under way no longer count. */
    forget() {
      generation += 1;
      access = "";
      renewAt = validUntil = 0;
    },

    /**
     * Begin a session by logging in, registering or setting up.
     * @param {string} path
     * @param {object} body
     */
    async begin(path, body) {
      adopt(await readJson(await post(path, body)));
    },

    /**
     * A call that ends all sessions and returns a new one, for example a new password. No tab refreshes meanwhile, because
     * the old cookie is no longer valid and the new one has not arrived.
     * @param {string} path
     * @param {unknown} body
     * @returns {Promise<SessionAnswer>}
     */
    async replace(path, body) {
      const mine = generation;
      const bearer = await this.access();
      const replaced = withLock("refresh", async () => {
        const answer = await readJson(await post(path, /** @type {object} */ (body), bearer));
        if (mine !== generation) {
          await post("/auth/logout", tokenStore.body(), answer.access); // the person logged out meanwhile
          throw sessionEnded();
        }
        adopt(answer);
        return answer;
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

    /** End the session on the server. Rejects if it does not answer. */
    async end() {
      const bearer = access;
      this.forget();
      const response = await post("/auth/logout", tokenStore.body(), bearer);
      if (!response.ok && response.status >= 500) throw await readError(response);
    },
  };
}

function sessionEnded() {
  return chatError("unauthenticated", "the session has ended meanwhile", { status: 401 });
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
      body: encodeJson(body),
      signal: AbortSignal.timeout(TIMEOUT),
    });
  } catch {
    throw offline();
  }
}

/** Whether somebody was logged in when this browser last had the page. */
export function hadSession() {
  try {
    return localStorage.getItem(KNOWN) !== null;
  } catch {
    return false;
  }
}

/** @param {boolean} isLoggedIn */
export function rememberSession(isLoggedIn) {
  try {
    if (isLoggedIn) localStorage.setItem(KNOWN, "1");
    else localStorage.removeItem(KNOWN);
  } catch {
    // Without storage the page is fetched in two steps.
  }
}
