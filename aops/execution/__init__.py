"""Runs one Ansible job behind walls; knows no database, no Flask, nothing else of aops.

The way in is ``supervisor.run``: it takes a ``RunSpec``, tells a ``Listener`` what
happens and returns a ``RunResult`` once nothing of the run is left on the machine.
"""
