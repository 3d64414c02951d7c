"""Work on sources by hand: list, try, add, retry and recheck them, start a new kind."""
