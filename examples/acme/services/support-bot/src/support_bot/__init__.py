"""The support bot of Acme Retail."""
