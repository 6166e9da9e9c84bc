"""What is still to be trained, in which packs and in which order."""
