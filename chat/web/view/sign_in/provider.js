// The page at /oidc: it leads to the identity provider, and takes what the provider answers.

import { html, useEffect, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { Card, ErrorNote } from "./card.js";
import { useChat } from "../shared/context.js";
import { problemText } from "../shared/problem.js";
import { navigate, routeOf } from "../shared/router.js";
import { useTitle } from "../shared/title.js";

/** What this tab does after the provider's page. The server's part is in a cookie that scripts cannot read. */
const KEPT = "chat.oidc";
const LONGEST_ERROR = 100;

/** @typedef {{ next?: string, invite?: string, shared?: boolean }} Kept */

export function ProviderPage() {
  const chat = useChat();
  const [asked] = useState(() => new URLSearchParams(location.search));
  const [problem, setProblem] = useState("");
  const isAnswer = asked.has("code") || asked.has("error");
  const isLink = isAnswer ? (asked.get("state") ?? "").startsWith("l") : asked.has("link");
  useTitle(t("oidc.title"));
  useEffect(() => {
    if (isLink && !isAnswer) {
      navigate("/settings/identity", { replace: true }); // linking begins there, with a click and a password
      return;
    }
    history.replaceState(null, "", "/oidc"); // a code is good once: neither reloads nor the history repeat it
    (isAnswer ? finish(chat, asked, isLink) : begin(chat, asked)).catch((error) => setProblem(error.oidc ?? problemText(error)));
    const restored = (/** @type {PageTransitionEvent} */ event) => event.persisted && navigate("/", { replace: true });
    addEventListener("pageshow", restored); // the browser's Back button on the provider's page
    return () => removeEventListener("pageshow", restored);
  }, []);
  if (!problem) {
    return html`<${Card} title=${t(isAnswer ? "oidc.arriving" : "oidc.leaving")}>
      <span class="spinner" role="status" aria-label=${t("common.loading")}></span>
    <//>`;
  }
  return html`<${Card} title=${t(isLink ? "oidc.link_failed" : "oidc.failed")}>
    <${ErrorNote}>${problem}<//>
    <a class="button primary wide" href=${isLink ? "/settings/identity" : againPath()} onClick=${leave}>${t("oidc.again")}</a>
    <a class="button wide quiet" href="/">${t("common.to_start")}</a>
  <//>`;
}

/** Begin again by a reload: the path may be the same. @param {any} event */
function leave(event) {
  event.preventDefault();
  location.assign(event.currentTarget.getAttribute("href"));
}

function againPath() {
  const { next, invite, shared } = kept();
  const query = new URLSearchParams({ ...(next && { next }), ...(invite && { invite }), ...(shared && { shared: "1" }) });
  return `/oidc?${query}`;
}

/**
 * @param {import("../../model/types").Chat} chat
 * @param {URLSearchParams} asked
 */
async function begin(chat, asked) {
  const { url } = /** @type {{ url: string }} */ (await chat.call("POST", "/auth/oidc/begin", {}));
  const keep = { next: asked.get("next") ?? undefined, invite: asked.get("invite") ?? undefined, shared: asked.has("shared") };
  sessionStorage.setItem(KEPT, JSON.stringify(keep));
  location.assign(url);
  await new Promise(() => {}); // until the browser leaves
}

/**
 * @param {import("../../model/types").Chat} chat
 * @param {URLSearchParams} asked
 * @param {boolean} isLink
 */
async function finish(chat, asked, isLink) {
  const error = asked.get("error");
  if (error) throw { oidc: error === "access_denied" ? t("oidc.denied") : t("oidc.provider_error", { error: error.slice(0, LONGEST_ERROR) }) };
  const answer = { code: asked.get("code") ?? "", state: asked.get("state") ?? "", ...(asked.has("iss") && { iss: asked.get("iss") ?? "" }) };
  if (isLink) {
    await chat.call("POST", "/me/identity", answer);
    return navigate("/settings/identity", { replace: true });
  }
  const { next, invite, shared } = kept();
  await chat.logInByProvider({ ...answer, ...(invite && { invite }) }, { shared });
  sessionStorage.removeItem(KEPT);
  const isUsedUp = invite && !(await isGood(chat, invite));
  navigate(isUsedUp ? "/" : placeOf(next ?? "/"), { replace: true });
}

/**
 * Whether an invitation admits somebody still; the new account may have used it up.
 * @param {import("../../model/types").Chat} chat
 * @param {string} invite
 * @returns {Promise<boolean>}
 */
function isGood(chat, invite) {
  return chat.call("GET", `/invites/${encodeURIComponent(invite)}`).then(
    () => true,
    () => false,
  );
}

/** The path of a place of this page; of anything else the start. @param {string} next */
function placeOf(next) {
  try {
    const { origin, pathname, search } = new URL(next, location.origin);
    const isOurs = origin === location.origin && !["unknown", "oidc"].includes(routeOf(pathname).screen);
    return isOurs ? pathname + search : "/";
  } catch {
    return "/";
  }
}

/** @returns {Kept} */
function kept() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT) ?? "{}");
  } catch {
    return {};
  }
}
