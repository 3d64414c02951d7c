"""Licences, and the signals by which an owner reserves the use of an image."""
