"""Find, keep and judge: the application above the connectors and the store."""
