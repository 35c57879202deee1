"""The whole server with a virtual clock, network and database; see README.md."""
