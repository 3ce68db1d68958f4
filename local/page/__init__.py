"""The page as it is served on this machine: static files, and a config that names the stack."""
