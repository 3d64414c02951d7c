"""Near duplicates: perceptual hashes, candidate pairs, verification on pixels, clusters."""
