// A link to the page that a visitor writes from.

import { html } from "../../vendor/preact.js";

/**
 * @param {{ page: string, shown?: string }} props `shown`: a text instead of host and path
 */
export function PageLink({ page, shown }) {
  if (!/^https?:\/\//i.test(page) || !URL.canParse(page)) return html`<bdi>${page}</bdi>`;
  return html`<a href=${page} target="_blank" rel="noopener noreferrer nofollow">${shown ?? shortened(page)}</a>`;
}

/** Host and path; the link has the rest. @param {string} page */
function shortened(page) {
  const { host, pathname } = new URL(page);
  return host + (pathname === "/" ? "" : pathname);
}
