"""How requests go over the wire: addresses, robots.txt, pace, redirects, the ledger's hand on every fetch."""
