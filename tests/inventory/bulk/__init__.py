"""Tests of inventories, hosts and groups."""
