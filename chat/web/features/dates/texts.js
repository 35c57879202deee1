// Jumping to a date.

export const en = {
  "dates.label": "Jump to date",
  "dates.go": "Jump",
  "dates.none": "No messages since then.",
};
