"""Read vendors and files for evidence of AI, and yield findings; never write, never judge.

The contract is in :mod:`connectors.contract`, the words in :mod:`connectors.model`, the closed list of
kinds in :mod:`connectors.kinds`, what can go wrong in :mod:`connectors.errors`. Importing this package
does no work: connectors load when the registry is asked for them.
"""
