"""The application on a portal: its installation, its frames, what is sent to it."""
