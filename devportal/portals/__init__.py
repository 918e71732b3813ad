"""What one portal holds."""
