"""Writes an inventory as YAML, INI, JSON, CSV or XLSX."""
