"""What a source and a file state about a picture: place, date, subject, and how it was made."""
