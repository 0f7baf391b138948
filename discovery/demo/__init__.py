"""Serve recorded estates on loopback so that a scan can be tried without any account.

The command line's part is in :mod:`discovery.demo.serve`; each vendor's fake has a file of its own. Nothing
here imports more than the standard library, so it can be in the wheel.
"""
