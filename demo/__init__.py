"""`make demo`: the main job on a fresh machine, driven over HTTP as people drive it."""
