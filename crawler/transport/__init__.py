"""How a fetch is done: addresses, robots.txt, rate limits, retries, redirects, and archiving of every fetch."""
