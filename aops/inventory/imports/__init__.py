"""Fills an inventory from files that Ansible or a spreadsheet reads, after a preview."""
