"""Read the repositories of organisations where they are hosted: one scope a repository, one connector a host.

The hosts differ in how they list repositories, name heads and let in (one module each); what is read of a
repository, when it is left out because nothing moved, and what it shows is common to all.
"""
