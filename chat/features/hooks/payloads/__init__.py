"""What tools send, as messages: each format is a file of its own, and knows no other."""
