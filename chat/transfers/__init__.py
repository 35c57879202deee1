"""What the process does that works on an export or an import of the page: `chat transfer`, beside the server."""
