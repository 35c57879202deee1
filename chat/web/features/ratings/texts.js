// Ratings, as operators see them, and refusals.

export const en = {
  "ratings.good": "{name} rated our help as good",
  "ratings.bad": "{name} rated our help as bad",
  "refusal.rating_not_closed": "You can rate a conversation once it is closed.",
  "refusal.rating_final": "You can change a rating for # hours only.",
  "refusal.rating_comment_too_long": "The comment is too long.",
};
