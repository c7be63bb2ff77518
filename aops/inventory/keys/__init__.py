"""The SSH host keys of many hosts on one page: what waits, what changed, what is missing."""
