"""Inventory plugins and scripts that tell again and again which hosts there are."""
