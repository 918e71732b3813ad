"""How the portal behaves beyond its contract: faults, doubts, limits."""
