"""Secrets for hosts and vaults, sealed and write-only."""
