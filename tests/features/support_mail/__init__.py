"""Mail as a channel of support."""
