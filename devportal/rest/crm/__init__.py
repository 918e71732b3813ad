"""CRM: items, timeline, triggers, generated documents."""
