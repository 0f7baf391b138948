"""Put the socket guard into every Python process that a test starts (through ``PYTHONPATH``)."""

import importlib.util
import os

_spec = importlib.util.spec_from_file_location(
    "_aicensus_socket_guard", os.path.join(os.path.dirname(os.path.dirname(__file__)), "socket_guard.py")
)
if _spec is not None and _spec.loader is not None:
    _guard = importlib.util.module_from_spec(_spec)
    _spec.loader.exec_module(_guard)
    _guard.install(log=os.environ.get(_guard.LOG_VARIABLE, ""))
