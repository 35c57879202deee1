"""Archives of Zulip's exports: a tar file with the tables of an organization as JSON, and its uploads."""
