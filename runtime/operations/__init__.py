"""The worker behind the operators' API: what they can have done, and how far it is."""
