// Link previews.

export const en = {
  "previews.label": "Link preview: {title}",
  "previews.remove": "Remove link preview",
  "previews.removed": "Link preview removed",
  "refusal.no_preview": "That link has no preview.",
  "refusal.previews_off": "Link previews are turned off on this server.",
  "refusal.bad_preview": "That preview is too old. Add the link again.",
  "refusal.preview_without_link": "The message doesn’t have that link.",
};
