"""Stored runs in a browser: a list of them, and a report of those that are chosen, from a server on this machine."""
