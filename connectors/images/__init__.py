"""Read container images: archives, OCI layouts and registries, layer by layer as streams."""

from connectors.images.connector import ImagesConnector

__all__ = ["ImagesConnector"]
