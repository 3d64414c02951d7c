"""How requests go over the wire: addresses, robots.txt, pace, redirects, the writer's hand on every fetch."""
