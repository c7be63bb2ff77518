"""What can be run, with every revision ever saved."""
