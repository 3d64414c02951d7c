"""Asks whether images are still there, still under their licence and not reserved, without downloading them."""
