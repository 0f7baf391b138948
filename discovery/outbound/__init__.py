"""Deliver what receivers are to be told: the only place from which anything leaves by itself."""
