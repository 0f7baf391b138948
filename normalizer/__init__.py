"""Turn findings into assets and systems: identity, folding, grouping, owner evidence. Pure; no I/O."""
