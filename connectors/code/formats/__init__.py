"""One parser per file format; ``catalogue/formats.toml`` says which files each of them reads."""
