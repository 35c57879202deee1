// Transcripts, as operators send them, and refusals.

export const en = {
  "transcripts.mail": "Email this conversation",
  "refusal.transcript_not_answered": "A conversation can be emailed once it was answered.",
  "refusal.transcript_too_soon": "This conversation was emailed within the last hour. Try again later.",
};
