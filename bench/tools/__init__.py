"""Each tool signs the same files in a process of its own: `python -m bench.tools.<name> JOB`."""
