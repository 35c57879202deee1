// The page at /oidc: it leads to the identity provider, and takes what the provider answers.

import { html, useEffect, useState } from "../../vendor/preact.js";
import { t } from "../../i18n/index.js";
import { Card, ErrorNote } from "./card.js";
import { useChat } from "../shared/context.js";
import { problemText } from "../shared/problem.js";
import { navigate, routeOf } from "../shared/router.js";
import { useTitle } from "../shared/title.js";
import { usePolicy } from "./policy.js";
import { forgetKept, keepClick, kept, takeClick } from "./provider_click.js";

const LONGEST_ERROR = 100;

export function ProviderPage() {
  const chat = useChat();
  const [asked] = useState(() => new URLSearchParams(location.search));
  const [isBegun, setBegun] = useState(() => takeClick() !== null);
  const [problem, setProblem] = useState("");
  const isAnswer = asked.has("code") || asked.has("error");
  const isLink = isAnswer ? (asked.get("state") ?? "").startsWith("l") : asked.has("link");
  useTitle(t("oidc.title"));
  const run = (/** @type {Promise<unknown>} */ done) => done.catch((error) => setProblem(error.oidc ?? problemText(error)));
  const click = () => {
    keepClick({ next: asked.get("next") ?? undefined, invite: asked.get("invite") ?? undefined });
    takeClick();
    setBegun(true);
    run(begin(chat));
  };
  useEffect(() => {
    if (isLink && !isAnswer) {
      navigate("/settings/identity", { replace: true }); // linking begins there, with a click and a password
      return;
    }
    history.replaceState(null, "", "/oidc"); // a code is good once: neither reloads nor the history repeat it
    if (isAnswer) run(finish(chat, asked, isLink));
    else if (isBegun) run(begin(chat));
    const restored = (/** @type {PageTransitionEvent} */ event) => event.persisted && navigate("/", { replace: true });
    addEventListener("pageshow", restored); // the browser's Back button on the provider's page
    return () => removeEventListener("pageshow", restored);
  }, []);
  if (!isAnswer && !isBegun && !isLink) return html`<${Asking} onClick=${click} />`;
  if (!problem) {
    return html`<${Card} title=${t(isAnswer ? "oidc.arriving" : "oidc.leaving")}>
      <span class="spinner" role="status" aria-label=${t("common.loading")}></span>
    <//>`;
  }
  return html`<${Card} title=${t(isLink ? "oidc.link_failed" : "oidc.failed")}>
    <${ErrorNote}>${problem}<//>
    <a class="button primary wide" href=${isLink ? "/settings/identity" : "/oidc"} onClick=${leave}>${t("oidc.again")}</a>
    <a class="button wide quiet" href="/">${t("common.to_start")}</a>
  <//>`;
}

/**
 * Somebody came from elsewhere: a log-in that they did not want would put another account in the place of theirs.
 * @param {{ onClick: () => void }} props
 */
function Asking({ onClick }) {
  const { policy, problem } = usePolicy();
  return html`<${Card} title=${t("sign_in.log_in")}>
    ${problem && html`<${ErrorNote} kind="warning">${problemText(problem)}<//>`}
    ${policy?.provider && html`<button type="button" class="button primary wide" onClick=${onClick}>${t("sign_in.provider", { name: policy.provider })}</button>`}
    <a class="button wide quiet" href="/">${t("common.to_start")}</a>
  <//>`;
}

/** Begin again by a reload: the path may be the same. @param {any} event */
function leave(event) {
  event.preventDefault();
  keepClick(kept());
  location.assign(event.currentTarget.getAttribute("href"));
}

/** @param {import("../../model/types").Chat} chat */
async function begin(chat) {
  const { url } = /** @type {{ url: string }} */ (await chat.call("POST", "/auth/oidc/begin", {}));
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
  const { next, invite } = kept();
  await chat.logInByProvider({ ...answer, ...(invite && { invite }) });
  forgetKept();
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
    const { origin, pathname, search, hash } = new URL(next, location.origin);
    const isOurs = origin === location.origin && !["unknown", "oidc"].includes(routeOf(pathname).screen);
    return isOurs ? pathname + search + hash : "/";
  } catch {
    return "/";
  }
}
