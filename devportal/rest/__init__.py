"""The REST methods of the portal, from the request's parameters to the envelope."""
