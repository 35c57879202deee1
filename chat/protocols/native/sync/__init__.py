"""A sync: what a client that connects is sent, from its positions on."""
