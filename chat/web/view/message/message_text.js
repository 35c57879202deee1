// Renders a message's text: each kind of part becomes one kind of element, and nothing else becomes an element.

import { html } from "../../vendor/preact.js";
import { isOnlyEmoji, parse, splitMentions } from "../../model/text.js";
import { withCustomEmoji } from "../controls/custom_emoji.js";
import { useMentioned } from "./mentioned_people.js";

/** @typedef {import("../../model/types").Message} Message */
/** @typedef {import("../../model/text.js").Part} Part */
/** @typedef {import("../../model/text.js").Element} Element */
/** @typedef {import("./mentioned_people.js").Mentioned} Mentioned */
/** @typedef {(props: { code: string, language?: string, tab: 0 | -1 }) => unknown} CodeComponent */
/** @typedef {(props: { tex: string, isBlock: boolean, tab: 0 | -1 }) => unknown} FormulaComponent */
/** @typedef {(parts: Part[], shown: unknown[], tab: 0 | -1) => unknown[]} Fold */
/** @typedef {{ mentioned: Mentioned[], tab: 0 | -1, code: CodeComponent, formula: FormulaComponent, isPlain?: boolean }} Around `isPlain`: nothing in it is replaced */

/** Parsed texts by message object; a changed message is a new object. @type {WeakMap<object, Part[]>} */
const parsed = new WeakMap();

/** Stands for the message where mentions are not links. */
const NO_MENTIONS = {};

/**
 * @param {{ message: Pick<Message, "text" | "mentions" | "all">, tab?: 0 | -1, code?: CodeComponent, formula?: FormulaComponent, isLinked?: boolean, fold?: Fold }} props
 *   `tab`: the links' tabindex; `code` renders code blocks; `formula` renders formulas; `isLinked`: mentioned people are links; `fold` hides a part of what is shown
 */
export function MessageText({ message, tab = 0, code = PlainCode, formula = PlainFormula, isLinked = true, fold }) {
  const mentioned = useMentioned(isLinked ? message : NO_MENTIONS);
  const { text = "" } = message;
  if (isOnlyEmoji(text)) return html`<div class="message-text is-emoji" dir="auto">${text}</div>`;
  let parts = parsed.get(message);
  if (!parts) parsed.set(message, (parts = parse(text)));
  const shown = parts.map((part) => drawn(part, { mentioned, tab, code, formula }));
  return html`<div class="message-text" dir="auto">${fold ? fold(parts, shown, tab) : shown}</div>`;
}

/** @type {Record<string, string>} */
const TAGS = { paragraph: "p", heading: "h4", row: "tr", strong: "strong", em: "em", del: "del", code: "code", item: "li", quote: "blockquote" };

/** @type {CodeComponent} */
function PlainCode({ code, tab }) {
  return html`<pre dir="ltr" tabindex=${tab}><code>${code}</code></pre>`;
}

/** @type {FormulaComponent} */
export function PlainFormula({ tex, isBlock, tab }) {
  return isBlock ? html`<pre dir="ltr" tabindex=${tab}><code>${tex}</code></pre>` : html`<code dir="ltr">${tex}</code>`;
}

/** @param {Part} part @param {Around} around @returns {unknown} */
function drawn(part, around) {
  if (typeof part === "string") return around.isPlain ? part : withMentions(part, around);
  const { tab } = around;
  if (part.kind === "code-block") return html`<${around.code} code=${part.children.join("")} language=${part.language} tab=${tab} />`;
  if (part.kind === "formula") return html`<${around.formula} tex=${part.children.join("")} isBlock=${part.isBlock === true} tab=${tab} />`;
  const isPlain = part.kind === "code" || part.kind === "link";
  const children = part.children.map((child) => drawn(child, isPlain ? { ...around, isPlain } : around));
  switch (part.kind) {
    case "break":
      return html`<br />`;
    case "list":
      return part.start === undefined ? html`<ul>${children}</ul>` : html`<ol start=${part.start}>${children}</ol>`;
    case "table":
      return html`<div class="message-table" tabindex=${around.tab}><table>${children}</table></div>`;
    case "head":
      return html`<th class=${part.align && `is-${part.align}`} scope="col">${children}</th>`;
    case "cell":
      return html`<td class=${part.align && `is-${part.align}`}>${children}</td>`;
    case "link":
      return link(part, children, around.tab);
    default: {
      const tag = TAGS[part.kind];
      return html`<${tag} dir=${part.kind === "code" ? "ltr" : undefined}>${children}</${tag}>`;
    }
  }
}

/** A link. If its text looks like another address, the real host is shown. @param {Element} part @param {unknown[]} children @param {0 | -1} tab */
function link({ href, host, children: [text] }, children, tab) {
  const title = text === href ? undefined : href;
  const made = html`<a href=${href} title=${title} dir="auto" target="_blank" rel="noopener noreferrer nofollow" tabindex=${tab}>${children}</a>`;
  return host ? html`${made} <bdi class="soft">(${host})</bdi>` : made;
}

/** A name, a link and code do not decide in which direction the text runs around them. @param {string} text @param {Around} around */
function withMentions(text, { mentioned, tab }) {
  if (!mentioned.length) return withCustomEmoji(text);
  const names = mentioned.map(({ name }) => name);
  return splitMentions(text, names).map((piece, i) => {
    if (i % 2 === 0) return withCustomEmoji(piece);
    const found = mentioned.find(({ name }) => name.toLowerCase() === piece.slice(1).toLowerCase());
    const kind = found?.isMine ? "mention is-mine" : "mention";
    if (!found?.id) return html`<span class=${kind} dir="auto">${piece}</span>`;
    return html`<a class=${kind} dir="auto" href=${`?show=person-${found.id}`} tabindex=${tab}>${piece}</a>`;
  });
}

/** Whether a message mentions the reader. @param {Message} message @param {number | undefined} me */
export function mentionsMe(message, me) {
  return me !== undefined && message.sender.id !== me && (message.all === true || message.mentions?.includes(me) === true);
}
