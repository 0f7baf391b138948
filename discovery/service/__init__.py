"""The one layer under command line, API and console: what can be asked and decided."""
