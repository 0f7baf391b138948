"""Keep what is known: the only package with SQL.

:func:`open_store` is the way in. :mod:`store.writer` takes what connectors saw, :mod:`store.journal` what
became of runs, :mod:`store.leases` keeps two processes from one scope; the tables are in
:mod:`store.schema`.
"""

from __future__ import annotations

from store.database import ReadTx, Store, WriteTx, open_store, upgrade

__all__ = ["ReadTx", "Store", "WriteTx", "open_store", "upgrade"]
