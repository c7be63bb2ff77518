"""What runs inside the sandbox to read an inventory; imports nothing of aops.

Everything that comes from outside is opened here and nowhere else: archives, workbooks,
texts that Ansible parses, scripts and plugins that people wrote. What goes out is one JSON
document of plain values, with codes instead of sentences, and its reader trusts none of it.
"""
