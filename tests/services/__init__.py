"""Real services for tests: each starts in a second or so and leaves nothing behind.

Everything listens on loopback or on a unix socket, writes into one temporary
folder of its own, and dies with the test run even if that is killed.
"""
