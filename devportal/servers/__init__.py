"""The servers around the portals: authorization, mail, and the queue that calls applications."""
