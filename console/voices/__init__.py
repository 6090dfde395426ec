"""The pages of voice files: uploading, listening, reviewing, deleting."""
