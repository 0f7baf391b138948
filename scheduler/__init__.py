"""Decide when and where work runs; what runs is given as callables.

Schedules are in :mod:`scheduler.triggers`, executors in :mod:`scheduler.executors`, the choice of one
leader among several daemons in :mod:`scheduler.leader`, the daemon itself in :mod:`scheduler.daemon`.
"""
