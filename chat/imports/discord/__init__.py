"""Archives of what DiscordChatExporter writes: a JSON file for each channel, in a zip file."""
