"""Pin the images of a GitOps repository to the digests that its ImageStreams resolve to."""

__version__ = "0.1.0"
