// Threads.

export const en = {
  "threads.title": "Thread",
  "threads.reply": "Reply in thread",
  "threads.view": "View thread",
  "threads.replies": { one: "{n} reply", other: "{n} replies" },
  "threads.last": "Last reply {time}",
  "threads.unread": "New replies",
  "threads.none": "No replies yet.",
  "threads.follow": "Follow",
  "threads.following": "Following",
  "threads.followWhy": "Get notified about new replies",
  "threads.unfollowWhy": "Stop getting notified about new replies",
  "threads.earlier": "Show earlier replies",
  "threads.later": "Show later replies",
  "threads.placeholder": "Reply…",
  "threads.label": "Reply in this thread",
  "threads.send": "Send reply",
  "threads.open": "Show in the conversation",
  "threads.removed": "The first message is no longer kept.",
};
