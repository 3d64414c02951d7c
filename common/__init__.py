"""Tools that every other package uses: errors, atomic files, locks, progress, file formats. Imports none of them."""
