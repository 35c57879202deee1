"""The process beside the server that exports and imports for the page: `chat transfer`."""
