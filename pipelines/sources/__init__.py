"""Work on sources by hand: list, try, add and retry them, start a new kind."""
