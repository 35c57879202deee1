// A message's text as elements: one kind of part, one kind of element. Nothing else ever becomes an element.

import { html, useMemo } from "../vendor/preact.js";
import { isOnlyEmoji, parse, splitMentions } from "../model/text.js";
import { useSelected } from "./context.js";

/** @typedef {import("../model/types").Message} Message */
/** @typedef {import("../model/types").State} State */
/** @typedef {import("../model/text.js").Part} Part */
/** @typedef {import("../model/text.js").Element} Element */
/** @typedef {{ names: string[], mine: string[], hasOthers: boolean }} Mentions `mine` are lower-case names that mean the reader */
/** @typedef {(props: { code: string, tab: 0 | -1 }) => unknown} CodeComponent */

/** Parsed texts by message: a message that changes is another object. @type {WeakMap<object, Part[]>} */
const parsed = new WeakMap();

/** @type {Mentions} */
const NOBODY = { names: [], mine: [], hasOthers: false };

/**
 * @param {{ message: Pick<Message, "text" | "mentions" | "all">, tab?: 0 | -1, code?: CodeComponent }} props `tab`: of links,
 *   whether the Tab key goes through them; `code` draws its blocks of code
 */
export function MessageText({ message, tab = 0, code = PlainCode }) {
  const mentions = useMentions(message);
  const { text = "" } = message;
  if (isOnlyEmoji(text)) return html`<div class="message-text is-emoji" dir="auto">${text}</div>`;
  let parts = parsed.get(message);
  if (!parts) parsed.set(message, (parts = parse(text)));
  return html`<div class="message-text" dir="auto">${parts.map((part) => drawn(part, { ...mentions, tab, code }))}</div>`;
}

/** @param {Pick<Message, "mentions" | "all">} message @returns {Mentions} */
function useMentions({ mentions, all }) {
  const found = useSelected((state) => (mentions?.length || all ? mentioned(state, mentions ?? []) : ""));
  return useMemo(() => {
    if (!found && !all) return NOBODY;
    const [mine, names] = found.split("\n\n").map((part) => part.split("\n").filter(Boolean));
    const everybody = all ? ["all"] : [];
    return {
      names: [...names, ...everybody],
      mine: [...mine.map((name) => name.toLowerCase()), ...everybody],
      hasOthers: names.length < (mentions?.length ?? 0),
    };
  }, [found, all]);
}

/** Names as one string, so that what stays the same is the same. @param {State} state @param {readonly number[]} ids */
function mentioned(state, ids) {
  const names = ids.map((id) => (id === state.me?.id ? state.me.name : state.people.get(id)?.name)).filter(Boolean);
  return `${state.me && ids.includes(state.me.id) ? state.me.name : ""}\n\n${names.join("\n")}`;
}

/** @type {Record<string, string>} */
const TAGS = { paragraph: "p", strong: "strong", em: "em", del: "del", code: "code", item: "li", quote: "blockquote" };

/** @type {CodeComponent} */
function PlainCode({ code, tab }) {
  return html`<pre tabindex=${tab}><code>${code}</code></pre>`;
}

/** @param {Part} part @param {Mentions & { tab: 0 | -1, code: CodeComponent }} around @returns {unknown} */
function drawn(part, around) {
  if (typeof part === "string") return withMentions(part, around);
  if (part.kind === "code-block") return html`<${around.code} code=${part.children.join("")} tab=${around.tab} />`;
  const children = part.children.map((child) => drawn(child, part.kind === "code" ? { ...around, ...NOBODY } : around));
  switch (part.kind) {
    case "break":
      return html`<br />`;
    case "list":
      return part.start === undefined ? html`<ul>${children}</ul>` : html`<ol start=${part.start}>${children}</ol>`;
    case "link":
      return link(part, children, around.tab);
    default: {
      const tag = TAGS[part.kind];
      return html`<${tag}>${children}</${tag}>`;
    }
  }
}

/** Where the text says another place than the link has, the link's is told. @param {Element} part @param {unknown[]} children @param {0 | -1} tab */
function link({ href, children: [text] }, children, tab) {
  const title = typeof text === "string" && href?.includes(text) ? undefined : href;
  return html`<a href=${href} title=${title} target="_blank" rel="noopener noreferrer nofollow" tabindex=${tab}>${children}</a>`;
}

/** @param {string} text @param {Mentions} mentions */
function withMentions(text, { names, mine, hasOthers }) {
  if (!names.length && !hasOthers) return text;
  return splitMentions(text, names, hasOthers).map((piece, i) => {
    if (i % 2 === 0) return piece;
    const isMine = mine.includes(piece.slice(1).toLowerCase());
    return html`<span class=${isMine ? "mention is-mine" : "mention"}>${piece}</span>`;
  });
}

/** Whether a message means the reader. @param {Message} message @param {number | undefined} me */
export function meansMe(message, me) {
  return me !== undefined && message.sender.id !== me && (message.all === true || message.mentions?.includes(me) === true);
}
