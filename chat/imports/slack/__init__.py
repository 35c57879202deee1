"""Archives of Slack's exports: a zip file with a folder for each conversation, and in it a file for each day."""
