"""The application itself: scopes, options, events, placements."""
