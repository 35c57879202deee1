// Link previews in English and Russian.

export const en = {
  "previews.label": "Link preview: {title}",
  "previews.remove": "Remove link preview",
  "previews.removed": "Link preview removed",
  "refusal.no_preview": "That link has no preview.",
  "refusal.previews_off": "Link previews are turned off on this server.",
  "refusal.bad_preview": "That preview is too old. Add the link again.",
  "refusal.preview_without_link": "The message doesn’t have that link.",
};

/** @type {import("../../i18n/index.js").Strings} */
export const ru = {
  "previews.label": "Предпросмотр ссылки: {title}",
  "previews.remove": "Убрать предпросмотр ссылки",
  "previews.removed": "Предпросмотр ссылки убран",
  "refusal.no_preview": "У этой ссылки нет предпросмотра.",
  "refusal.previews_off": "На этом сервере предпросмотр ссылок выключен.",
  "refusal.bad_preview": "Этот предпросмотр устарел. Добавьте ссылку ещё раз.",
  "refusal.preview_without_link": "В сообщении нет такой ссылки.",
};
