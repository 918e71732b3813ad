"""The application on a portal: its installation, its frames, the events and tokens it is given."""
