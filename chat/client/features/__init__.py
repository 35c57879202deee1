"""Features of the client: a file each, made from the server's feature, with its types, its events and its calls."""
