"""How things are written out: tables for people, JSON, JSON lines and CSV for programs."""
