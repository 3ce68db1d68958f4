"""What other systems are told of ads: the events' shapes, how they follow, and their schemas."""
