"""The HTTP face of the world: REST, authorization server, pages, control API."""
