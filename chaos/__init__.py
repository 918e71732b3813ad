"""`make chaos`: many documents at once while the portal misbehaves and workers are killed."""
