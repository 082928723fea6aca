"""What is installed, made by the real installers from two indexes on loopback."""
