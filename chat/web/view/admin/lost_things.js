// What an import leaves out or makes something else of: the texts of the server, which are English, and their strings.

import { t } from "../../i18n/index.js";

const KEYS = /** @type {const} */ ({
  "messages with an impossible time": "transfer.lost_dates",
  "long texts: they become several messages": "transfer.lost_long",
  "messages without a text or a file": "transfer.lost_no_text",
  "answers to messages that are not in the export: they are no answers": "transfer.lost_rootless",
  "files that are not in the export: the message has their names": "transfer.lost_not_in_export",
  "files that are not in the zip file: the message has the link": "transfer.lost_not_in_zip",
  "files that the export only links to: the message has the link": "transfer.lost_slack_links",
  "messages of channels or people that the export does not have": "transfer.lost_no_channel",
  "notices of Discord, as of pins and people who joined": "transfer.lost_discord_notices",
  "messages that are not as DiscordChatExporter writes them": "transfer.lost_discord_unreadable",
  "notices of Mattermost, as of headers and people who left": "transfer.lost_mattermost_notices",
  "lines that are not as Mattermost writes them": "transfer.lost_mattermost_unreadable",
  "notices of Rocket.Chat, as of topics, roles and people who left": "transfer.lost_rocketchat_notices",
  "documents that are not as Rocket.Chat writes them": "transfer.lost_rocketchat_unreadable",
  "messages that are encrypted from end to end": "transfer.lost_encrypted",
  "earlier texts of messages": "transfer.lost_versions",
  "conversations with visitors (Omnichannel)": "transfer.lost_livechat",
  "messages of rooms that the dump does not have": "transfer.lost_no_dump_room",
  "files that the dump does not have: the message has their names": "transfer.lost_not_in_dump",
  "answers to messages that the dump does not have: they are no answers": "transfer.lost_dump_rootless",
  "notices of Slack, as of topics, pins and people who left": "transfer.lost_slack_notices",
  "messages that are not as Slack writes them": "transfer.lost_slack_unreadable",
  "canvases, lists and other documents of Slack: the message has the link": "transfer.lost_canvases",
  "messages that are not as Zulip writes them": "transfer.lost_zulip_unreadable",
  "messages of rooms that the archive does not have": "transfer.lost_no_room",
  "messages of people whom the archive does not have": "transfer.lost_no_person",
  "rooms of people whom the archive does not have": "transfer.lost_no_people",
  "memberships of bots in rooms that their owners are not in": "transfer.lost_bots",
  "support conversations: only an empty server takes them": "transfer.lost_support",
  "the lobby: it becomes a room of its own": "transfer.lost_lobby",
  "log entries: numbers are new here, so earlier positions end": "transfer.lost_changes",
  "roles of people on their server": "transfer.lost_roles",
  "reactions that are no emoji": "transfer.lost_reactions",
  "messages older than this server keeps (message_days): they are removed soon after": "transfer.lost_expired",
  "files whose bytes the archive does not have, or not as it says": "transfer.lost_no_bytes",
  "files: this command does not know the server's directory of files (--files)": "transfer.lost_no_store",
  "people whose name is taken, or is none here: they get another one": "transfer.lost_other_names",
  "rooms whose name is taken, or is none here: they get another one": "transfer.lost_other_room_names",
  "addresses that an account has already, unconfirmed: that account is not taken for theirs": "transfer.lost_addresses",
  "conversations of two who have one here already: they become private rooms": "transfer.lost_pairs",
});

/** The text in the reader's language, where this page knows it. @param {string} what */
export function lostText(what) {
  return Object.hasOwn(KEYS, what) ? t(KEYS[/** @type {keyof typeof KEYS} */ (what)]) : what;
}
