"""Inventories, hosts, groups, their variables and host keys."""
