"""What hurries news from server to server; PostgreSQL's log, not a bus, is what they rely on."""
