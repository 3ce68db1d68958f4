"""Takes snapshots of journals and of every ad, verifies them, and restores from them."""
