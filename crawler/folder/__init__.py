"""An existing set of images, a folder or an archive of files, as a source."""
